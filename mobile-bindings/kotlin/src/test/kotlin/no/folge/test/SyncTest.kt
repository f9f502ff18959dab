package no.folge.test

import java.io.File
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import no.folge.*
import no.folge.flow.letGo
import no.folge.flow.sync
import no.folge.flow.syncFlow
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** A sync lets go when it is told to, whatever the network does. */
@Timeout(180)
class SyncTest {
    @TempDir
    lateinit var folder: File
    private lateinit var world: World
    private lateinit var case: ParticipationId
    private val phone: Folge get() = world.device("anne").folge

    @BeforeEach
    fun begin() = runBlocking {
        world = World(folder)
        case = world.oneCase("anne")
        phone.recordVisit(case, visit("anne", 0))
        Unit
    }

    @AfterEach
    fun end() = world.close()

    /** Waits until a sync of the phone's waits for a reply that does not come. */
    private suspend fun untilItHangs(before: Int) {
        until("the sync has called") { world.proxy.connections > before }
        delay(100)
    }

    private suspend fun hangingSync(then: suspend (sync: Job) -> Unit) {
        world.proxy.hang()
        val before = world.proxy.connections
        coroutineScope {
            val sync = launch(Dispatchers.Default) { phone.sync(null) }
            untilItHangs(before)
            then(sync)
        }
        world.proxy.letThrough()
    }

    private suspend fun assertAllArrives(visits: Long) {
        phone.sync(null)
        world.office.sync(null)
        assertEquals(visits, world.office.sums().visits)
    }

    @Test
    fun `a cancelled sync lets go within a second and the client stays usable`(): Unit = runBlocking {
        hangingSync { sync ->
            val waited = millisecondsOf { sync.cancelAndJoin() }
            assertTrue(waited < 1000, "waited $waited ms")
            // Still without a network: recording and reading go on at once.
            phone.recordVisit(case, visit("anne", 1))
            assertEquals(2, phone.visits(case).size)
        }
        assertAllArrives(2)
    }

    @Test
    fun `recording and reading go on while a sync waits for the network`(): Unit = runBlocking {
        hangingSync { sync ->
            val waited = millisecondsOf {
                phone.recordVisit(case, visit("anne", 1))
                assertEquals(2, phone.visits(case).size)
            }
            assertTrue(sync.isActive, "the sync has ended")
            assertTrue(waited < 2000, "waited $waited ms")
            sync.cancelAndJoin()
        }
        assertAllArrives(2)
    }

    @Test
    fun `stopSync ends a sync with the code stopped`(): Unit = runBlocking {
        world.proxy.hang()
        val before = world.proxy.connections
        val sync = async(Dispatchers.Default) { codeOf { phone.sync(null) } }
        untilItHangs(before)
        val waited = millisecondsOf {
            phone.stopSync()
            assertEquals("stopped", sync.await())
        }
        assertTrue(waited < 1000, "waited $waited ms")
        world.proxy.letThrough()
        assertAllArrives(1)
    }

    @Test
    fun `a sync tells how far it is`(): Unit = runBlocking {
        val told = CopyOnWriteArrayList<SyncProgress>()
        val totals = phone.sync { told += it }
        assertEquals(totals.progress, told.last())
        assertTrue(totals.progress.delivered > 0 && totals.progress.bytesSent > 0)
        val flowed = world.office.syncFlow().toList()
        assertTrue(flowed.last().received > 0)
    }

    @Test
    fun `an observer of progress that throws does not stop the sync`(): Unit = runBlocking {
        phone.sync { throw IllegalStateException("the app's own") }
        world.office.sync(null)
        assertEquals(1, world.office.sums().visits)
    }

    @Test
    fun `what the sync finds there is to do is nothing after it`(): Unit = runBlocking {
        assertTrue(SyncNeed.RECORDS in phone.syncOutlook().needs)
        assertAllArrives(1)
        assertTrue(SyncNeed.RECORDS !in phone.syncOutlook().needs)
        world.relay.stop()
        phone.recordVisit(case, visit("anne", 1))
        assertThrows<FolgeException.Unreachable> { runBlocking { phone.sync(null) } }
        assertTrue(phone.syncOutlook().waitMs > 0)
    }

    @Test
    fun `in the background it unlocks, delivers and locks again`(): Unit = runBlocking {
        phone.lock()
        val sync = phone.backgroundSync(20_000)
        assertEquals(BackgroundOutcome.DONE to null, sync.outcome to sync.code)
        assertTrue(sync.progress.delivered > 0)
        assertEquals(StoreState.LOCKED, phone.state())
        world.office.sync(null)
        assertEquals(1, world.office.sums().visits)
    }

    @Test
    fun `what the user has open stays open after a sync in the background`(): Unit = runBlocking {
        assertEquals(BackgroundOutcome.DONE, phone.backgroundSync(20_000).outcome)
        assertEquals(StoreState.OPEN, phone.state())
    }

    @Test
    fun `in the background it ends when the time is up`(): Unit = runBlocking {
        phone.lock()
        world.proxy.hang()
        var sync: BackgroundSync? = null
        val took = millisecondsOf { sync = phone.backgroundSync(1500) }
        assertEquals(BackgroundOutcome.OUT_OF_TIME, sync?.outcome)
        assertTrue(took in 1000..3000, "it took $took ms")
        assertEquals(StoreState.LOCKED, phone.state())
        world.proxy.letThrough()
        assertEquals(BackgroundOutcome.DONE, phone.backgroundSync(20_000).outcome)
    }

    @Test
    fun `in the background without coverage it fails and says why`(): Unit = runBlocking {
        world.relay.stop()
        val sync = phone.backgroundSync(20_000)
        assertEquals(BackgroundOutcome.FAILED to "unreachable", sync.outcome to sync.code)
        assertTrue(sync.waitMs > 0)
    }

    @Test
    fun `in the background a store with a passphrase needs its user`(): Unit = runBlocking {
        val link = world.office.invite(Role.CONSULTANT, 24).link
        world.office.sync(null)
        val other = world.device("bo").folge
        other.join(link, UnlockWith.Passphrase("seks ord er lettere å huske"))
        other.sync(null)
        other.lock()
        val sync = other.backgroundSync(5000)
        assertEquals(BackgroundOutcome.NEEDS_USER, sync.outcome)
        assertEquals(StoreState.LOCKED, other.state())
    }

    @Test
    fun `a client that is shut down ends its sync`(): Unit = runBlocking {
        world.proxy.hang()
        val before = world.proxy.connections
        val own = world.device("anne").folge
        own.startInTouch()
        val sync = async(Dispatchers.Default) { codeOf { own.sync(null) } }
        untilItHangs(before)
        val waited = millisecondsOf {
            own.letGo()
            assertEquals("stopped", sync.await())
        }
        assertTrue(waited < 1000, "waited $waited ms")
        assertThrows<IllegalStateException> { runBlocking { own.state() } }
        // Closed twice is closed.
        own.close()
        world.proxy.letThrough()
        world.device("anne").crash()
        phone.unlock(UnlockWith.PlatformKey)
        assertAllArrives(1)
    }

    @Test
    fun `a client that is closed in the middle of calls breaks nothing`(): Unit = runBlocking {
        repeat(5) { round ->
            val own = world.device("anne").folge
            val calls = (0 until 8).map { number ->
                launch(Dispatchers.Default) {
                    try {
                        repeat(20) { own.recordVisit(case, visit("anne", 100L * round + 10 * number + it)) }
                    } catch (_: IllegalStateException) {
                        // Closed.
                    }
                }
            }
            val sync = launch(Dispatchers.Default) { runCatching { own.sync(null) } }
            delay(50L * round)
            own.close()
            (calls + sync).forEach { it.join() }
            world.device("anne").crash()
            phone.unlock(UnlockWith.PlatformKey)
        }
        assertEquals(0, phone.verifyEverything().faults)
        assertAllArrives(phone.sums().visits)
    }
}
