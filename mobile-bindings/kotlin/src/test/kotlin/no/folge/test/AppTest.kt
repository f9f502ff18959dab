package no.folge.test

import com.sun.jna.Native
import java.io.File
import java.util.Locale
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toCollection
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import no.folge.*
import no.folge.flow.changes
import no.folge.flow.code
import no.folge.flow.logSink
import no.folge.flow.of
import no.folge.flow.problem
import no.folge.flow.userText
import no.folge.flow.watch
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

private const val SECRET_NOTE = "Fortalte om søvnen sin"
private val NORWEGIAN = Locale.forLanguageTag("nb-NO")

/** What an app holds on to: changes, errors, key stores, logs. */
@Timeout(180)
class AppTest {
    @TempDir
    lateinit var folder: File
    private lateinit var world: World
    private val printing = Native.getCallbackExceptionHandler()

    @BeforeEach
    fun begin() {
        world = World(folder)
        // What these tests throw on purpose would fill the log.
        Native.setCallbackExceptionHandler { _, _ -> }
    }

    @AfterEach
    fun end() {
        setLogSink(null)
        world.close()
        Native.setCallbackExceptionHandler(printing)
    }

    private fun phone(name: String): Folge = world.device(name).folge

    @Test
    fun `changes tell of records, syncs and locks until nobody collects`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val seen = CopyOnWriteArrayList<Change>()
        val collecting = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) {
            phone("anne").changes().toCollection(seen)
        }
        phone("anne").recordVisit(case, visit("anne", 0))
        // Before it, what the setting up did may still be told.
        until("recorded") { seen.lastOrNull() == Change.RECORDED }
        phone("anne").sync(null)
        until("synced") { seen.last() == Change.SYNCED }
        phone("anne").lock()
        until("locked") { seen.last() == Change.LOCKED }
        phone("anne").unlock(UnlockWith.PlatformKey)
        until("unlocked") { seen.last() == Change.UNLOCKED }
        collecting.cancelAndJoin()
        val count = seen.size
        phone("anne").recordVisit(case, visit("anne", 1))
        delay(300)
        assertEquals(count, seen.size, "it is still told")
    }

    @Test
    fun `a watched query follows what is recorded and ends with the lock`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val counts = CopyOnWriteArrayList<Int>()
        val watching = async(Dispatchers.Default) {
            codeOf { phone("anne").watch { visits(case).size }.toCollection(counts) }
        }
        until("the first") { counts.toList() == listOf(0) }
        repeat(20) { phone("anne").recordVisit(case, visit("anne", it.toLong())) }
        until("all") { counts.lastOrNull() == 20 }
        // A copy: the watcher goes on, and may tell of twenty once more.
        val told = counts.toList()
        assertEquals(told.sorted(), told, "it went back")
        phone("anne").lock()
        assertEquals("locked", withTimeout(5000) { watching.await() })
    }

    @Test
    fun `an observer that throws breaks nothing`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val called = CompletableDeferred<Unit>()
        listOf(IllegalStateException("the app's own"), NotImplementedError(), null).forEach { thrown ->
            phone("anne").observe(object : Observer {
                override fun changed(change: Change) {
                    if (thrown != null) throw thrown
                    called.complete(Unit)
                }
            })
        }
        phone("anne").recordVisit(case, visit("anne", 0))
        withTimeout(5000) { called.await() }
        phone("anne").sync(null)
        assertEquals(1, phone("anne").sums().visits)
    }

    @Test
    fun `a phone left alone locks itself`(): Unit = runBlocking {
        world.found()
        world.consultants("anne")
        world.device("anne").crash()
        world.device("anne").lockAfterSeconds = 1
        phone("anne").unlock(UnlockWith.PlatformKey)
        withTimeout(10_000) { phone("anne").changes().first { it == Change.LOCKED } }
        assertEquals(true, phone("anne").touch(), "it is not locked")
        assertThrows<FolgeException.Locked> { runBlocking { phone("anne").caseload() } }
    }

    /** A key store of the app that does what it is told to. */
    private class AppKeyStore : KeyStore {
        val kept = mutableMapOf<String, ByteArray>()
        var thrown: Throwable? = null

        override fun save(name: String, secret: ByteArray) {
            thrown?.let { throw it }
            kept[name] = secret.copyOf()
        }

        override fun load(name: String): ByteArray? {
            thrown?.let { throw it }
            return kept[name]?.copyOf()
        }

        override fun remove(name: String) {
            thrown?.let { throw it }
            kept.remove(name)
        }
    }

    @Test
    fun `a key store of the app is asked, and may refuse`(): Unit = runBlocking {
        val keys = AppKeyStore()
        val folge = world.device("anne", keys).folge
        val found = suspend { folge.found(world.proxy.url, "", UnlockWith.PlatformKey); Unit }
        keys.thrown = KeyStoreException.Unavailable()
        assertEquals("key_unavailable", codeOf(found))
        assertEquals(StoreState.EMPTY, folge.state(), "something was left")
        keys.thrown = null
        found()
        assertEquals(1, keys.kept.size)
        folge.lock()
        keys.thrown = KeyStoreException.Refused()
        val refused = assertThrows<FolgeException.KeyStore> {
            runBlocking { folge.unlock(UnlockWith.PlatformKey) }
        }
        assertEquals("key_refused", refused.code)
        keys.thrown = IllegalStateException("a defect of the app's")
        assertEquals("key_unavailable", codeOf { folge.unlock(UnlockWith.PlatformKey) })
        // What Kotlin's TODO() throws is no exception of the kind that is handed over.
        keys.thrown = NotImplementedError()
        assertTrue(codeOf { folge.unlock(UnlockWith.PlatformKey) } != null)
        keys.thrown = null
        folge.unlock(UnlockWith.PlatformKey)
        folge.lock()
        keys.kept.clear()
        assertEquals("key_lost", codeOf { folge.unlock(UnlockWith.PlatformKey) })
    }

    @Test
    fun `an error has a code and words in both languages`(): Unit = runBlocking {
        val error = assertThrows<FolgeException.Locked> { runBlocking { phone("anne").today() } }
        assertEquals("locked", error.code)
        assertEquals("locked", error.toString())
        assertEquals(error.problem.nb, error.userText(NORWEGIAN))
        assertEquals(error.problem.nb, error.userText(Locale.forLanguageTag("nn-NO")))
        assertEquals(error.problem.en, error.userText(Locale.UK))
        assertTrue(error.problem.nb.isNotBlank() && error.problem.nb != error.problem.en)
        val text = Wording("Lagret", "Saved")
        assertEquals("Lagret" to "Saved", text.of(NORWEGIAN) to text.of(Locale.US))
    }

    @Test
    fun `nothing prints what was recorded`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val visit = visit("anne", 0, SECRET_NOTE)
        phone("anne").recordVisit(case, visit)
        assertEquals("Visit(..)", visit.toString())
        val page = phone("anne").participation(case)
        val shown: List<Any?> = listOf(
            page, page.participation, page.records, page.records.map { it.record },
            phone("anne").caseload(), phone("anne").day(visit.day), phone("anne").week(visit.day),
            phone("anne").history(case), phone("anne").me(), phone("anne").register(),
            UnlockWith.Passphrase(SECRET_NOTE), Verdict.Wrong(SECRET_NOTE),
            MessageBody.Comment(SECRET_NOTE), Provider("Fatima Dahl", "974760673"),
        )
        val printed = shown.joinToString("\n")
        listOf(SECRET_NOTE, "Fatima", "Dahl", "Kari").forEach {
            assertFalse(it in printed, "$it is printed: $printed")
        }
    }

    @Test
    fun `no log line names anybody or says what was recorded`(): Unit = runBlocking {
        val lines = CopyOnWriteArrayList<String>()
        setLogSink(logSink { level, line -> lines += "$level $line" })
        val case = world.oneCase("anne")
        val visit = visit("anne", 0, SECRET_NOTE)
        phone("anne").recordVisit(case, visit)
        codeOf { phone("anne").recordVisit(case, visit("anne", -2000, SECRET_NOTE)) }
        phone("anne").sync(null)
        world.office.sync(null)
        world.relay.stop()
        codeOf { phone("anne").sync(null) }
        phone("anne").lock()
        phone("anne").unlock(UnlockWith.PlatformKey)
        until("it logs") { lines.any { "sync: " in it } && lines.any { "locked" in it } }
        val me = phone("anne").me()
        val port = world.proxy.url.substringAfterLast(':')
        listOf(
            SECRET_NOTE, "Fatima", "Dahl", "Kari", "key-anne", "participant-000", case, visit.id,
            me.person, me.device, port, folder.path,
        ).forEach { secret ->
            assertFalse(lines.any { secret in it }, "$secret is in $lines")
        }
    }

    @Test
    fun `a log sink that throws breaks nothing`(): Unit = runBlocking {
        setLogSink(logSink { _, _ -> throw IllegalStateException("the app's own") })
        world.found()
        world.office.sync(null)
        world.office.lock()
        assertEquals(StoreState.LOCKED, world.office.state())
    }

    @Test
    fun `nothing on the disk can be read`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        phone("anne").recordVisit(case, visit("anne", 0, SECRET_NOTE))
        phone("anne").sync(null)
        val secrets = listOf(SECRET_NOTE, "Fatima", "Kari anne", "participant-000")
        folder.walk().filter { it.isFile }.forEach { file ->
            val bytes = file.readBytes().toString(Charsets.ISO_8859_1)
            secrets.forEach { secret ->
                val raw = secret.toByteArray().toString(Charsets.ISO_8859_1)
                assertFalse(raw in bytes, "$secret is in ${file.name}")
            }
        }
    }

    @Test
    fun `a QR code is an image`() {
        assertTrue(qrCodeSvg("https://folge.no").startsWith("<svg"))
        assertThrows<FolgeException.Invalid> { qrCodeSvg("x".repeat(10_000)) }
        assertTrue(folgeVersion().isNotBlank())
        assertTrue(newRecordName() != newRecordName())
    }
}
