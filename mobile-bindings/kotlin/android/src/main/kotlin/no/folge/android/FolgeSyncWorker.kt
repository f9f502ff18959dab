package no.folge.android

import android.content.Context
import androidx.work.BackoffPolicy
import androidx.work.Constraints
import androidx.work.CoroutineWorker
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.ExistingWorkPolicy
import androidx.work.NetworkType
import androidx.work.OneTimeWorkRequestBuilder
import androidx.work.PeriodicWorkRequestBuilder
import androidx.work.WorkManager
import androidx.work.WorkerParameters
import androidx.work.workDataOf
import java.util.concurrent.TimeUnit
import no.folge.BackgroundOutcome
import no.folge.Folge

/** What the app's `Application` is, so that the worker finds the one client of the process. */
public interface FolgeOwner {
    /** The one client of the process. */
    public val folge: Folge
}

/** Delivers and fetches while the app is not in front. */
public class FolgeSyncWorker(context: Context, parameters: WorkerParameters) :
    CoroutineWorker(context, parameters) {
    override suspend fun doWork(): Result {
        val owner = applicationContext as? FolgeOwner ?: return Result.failure()
        // Cancelled by the system, the sync lets go by itself.
        val sync = owner.folge.backgroundSync(BUDGET_MS)
        val said = workDataOf(OUTCOME to sync.outcome.name, CODE to sync.code)
        return when (sync.outcome) {
            BackgroundOutcome.DONE -> Result.success(said)
            BackgroundOutcome.OUT_OF_TIME -> Result.retry()
            BackgroundOutcome.FAILED -> Result.retry()
            // Trying again would not help: the next sync is when the user unlocks.
            BackgroundOutcome.NEEDS_USER -> Result.success(said)
        }
    }

    public companion object {
        /** The key of how it ended, a name of [BackgroundOutcome], in the work's output. */
        public const val OUTCOME: String = "outcome"

        /** The key of the error's code in the work's output. */
        public const val CODE: String = "code"

        /** Less than the ten minutes after which Android stops a worker. */
        private const val BUDGET_MS = 120_000L
        private const val EVERY_HOURS = 4L
        private const val FIRST_RETRY_SECONDS = 30L
        private const val PERIODIC = "folge-sync"
        private const val ONCE = "folge-sync-once"

        private val online = Constraints.Builder()
            .setRequiredNetworkType(NetworkType.CONNECTED)
            .build()

        /** Every four hours with coverage. Call it at every start of the app: it goes on as it is. */
        public fun schedule(context: Context) {
            val work = PeriodicWorkRequestBuilder<FolgeSyncWorker>(EVERY_HOURS, TimeUnit.HOURS)
                .setConstraints(online)
                .setBackoffCriteria(BackoffPolicy.EXPONENTIAL, FIRST_RETRY_SECONDS, TimeUnit.SECONDS)
                .build()
            WorkManager.getInstance(context)
                .enqueueUniquePeriodicWork(PERIODIC, ExistingPeriodicWorkPolicy.KEEP, work)
        }

        /** As soon as there is coverage. Call it when the app leaves the front. */
        public fun soon(context: Context) {
            val work = OneTimeWorkRequestBuilder<FolgeSyncWorker>()
                .setConstraints(online)
                .setBackoffCriteria(BackoffPolicy.EXPONENTIAL, FIRST_RETRY_SECONDS, TimeUnit.SECONDS)
                .build()
            WorkManager.getInstance(context)
                .enqueueUniqueWork(ONCE, ExistingWorkPolicy.REPLACE, work)
        }
    }
}
