// Følge as coroutines have it: changes and progress as flows, errors and texts in the reader's
// language. It adds no rule; everything it tells comes from the core.
package no.folge.flow

import java.util.Locale
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.map
import no.folge.Change
import no.folge.Folge
import no.folge.FolgeException
import no.folge.LogLevel
import no.folge.LogSink
import no.folge.Observer
import no.folge.Problem
import no.folge.SyncObserver
import no.folge.SyncProgress
import no.folge.SyncTotals
import no.folge.Wording

/** What changes on this device, as long as somebody collects. */
public fun Folge.changes(): Flow<Change> =
    callbackFlow { observing(this@changes) { change -> trySend(change) } }.buffer(Channel.UNLIMITED)

/**
 * What a query gives now, and again after changes; a collector that is slow misses those in
 * between, never the last. An error ends it, and that the client is locked is one: collect it while
 * the client is open.
 */
public fun <T> Folge.watch(query: suspend Folge.() -> T): Flow<T> =
    callbackFlow { observing(this@watch, { trySend(Unit) }) { trySend(Unit) } }
        .conflate()
        .map { query() }

/** Observes until the flow ends; what changes after `begin` is never missed. */
private suspend fun <T> ProducerScope<T>.observing(
    folge: Folge,
    begin: () -> Unit = {},
    tell: (Change) -> Unit,
) {
    val observation = folge.observe(object : Observer {
        override fun changed(change: Change) = tell(change)
    })
    begin()
    awaitClose {
        observation.stop()
        observation.close()
    }
}

/** [Folge.sync] that tells how far it is, after each round trip. */
public suspend fun Folge.sync(onProgress: (SyncProgress) -> Unit): SyncTotals =
    sync(object : SyncObserver {
        override fun progressed(progress: SyncProgress) {
            onProgress(progress)
        }
    })

/** The same as a flow: it syncs while it is collected, and fails as the sync does. */
public fun Folge.syncFlow(): Flow<SyncProgress> = channelFlow {
    sync { progress -> trySend(progress) }
}.conflate()

/** Ends what goes on and lets go of the client; what is on disk stays. */
public fun Folge.letGo() {
    stopInTouch()
    stopSync()
    close()
}

/** Does something with a client and lets it go after. */
public inline fun <R> Folge.using(block: (Folge) -> R): R =
    try {
        block(this)
    } finally {
        letGo()
    }

/** The problem, whichever error it is. */
public val FolgeException.problem: Problem
    get() = when (this) {
        is FolgeException.Locked -> problem
        is FolgeException.WrongSecret -> problem
        is FolgeException.TooManyAttempts -> problem
        is FolgeException.Invalid -> problem
        is FolgeException.ReasonNeeded -> problem
        is FolgeException.Blocked -> problem
        is FolgeException.NotAllowed -> problem
        is FolgeException.NotFound -> problem
        is FolgeException.BadInvitation -> problem
        is FolgeException.Unreachable -> problem
        is FolgeException.Relay -> problem
        is FolgeException.PutOut -> problem
        is FolgeException.StorageFull -> problem
        is FolgeException.UpdateNeeded -> problem
        is FolgeException.Damaged -> problem
        is FolgeException.TryAgain -> problem
        is FolgeException.KeyStore -> problem
        is FolgeException.Internal -> problem
    }

/** A stable code, such as `reason_needed`. */
public val FolgeException.code: String
    get() = problem.code

/** What the user reads: what happened, and what to do. */
public fun FolgeException.userText(locale: Locale = Locale.getDefault()): String =
    if (readsEnglish(locale)) problem.en else problem.nb

/** The text in the reader's language. */
public fun Wording.of(locale: Locale = Locale.getDefault()): String =
    if (readsEnglish(locale)) en else nb

/** Bokmål for who reads any Norwegian or has a Norwegian neighbour's language; English else. */
private fun readsEnglish(locale: Locale): Boolean =
    locale.language !in setOf("nb", "no", "nn", "da", "sv", "")

/** A log sink from a function. */
public fun logSink(write: (LogLevel, String) -> Unit): LogSink = object : LogSink {
    override fun log(level: LogLevel, line: String) {
        write(level, line)
    }
}
