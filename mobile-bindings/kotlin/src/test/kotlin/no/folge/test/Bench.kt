package no.folge.test

import java.io.File
import kotlinx.coroutines.runBlocking
import no.folge.*
import org.junit.jupiter.api.Tag
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val CASES = 32
private const val VISITS_OF_CASE = 32
private const val RECORDED = 500
private const val CALLS = 20_000
private const val SUSPENDING_CALLS = 2_000

/** What a phone's user would feel. Prints one line of JSON, which begins with `{"bench":"kotlin"`. */
@Tag("bench")
class Bench {
    private fun peakKilobytes(): Long =
        File("/proc/self/status").readLines()
            .first { it.startsWith("VmHWM:") }
            .filter { it.isDigit() }
            .toLong()

    private inline fun microseconds(work: () -> Unit): Double {
        val start = System.nanoTime()
        work()
        return (System.nanoTime() - start) / 1000.0
    }

    private fun List<Double>.at(part: Double): Double = sorted()[(size * part).toInt().coerceAtMost(size - 1)]

    private fun milliseconds(microseconds: Double): String = "%.2f".format(java.util.Locale.ROOT, microseconds / 1000)

    @Test
    fun bench(@TempDir folder: File): Unit = runBlocking {
        val peakBefore = peakKilobytes()
        World(folder).use { world ->
            world.found()
            world.consultants("anne")
            val cases = (0 until CASES).map { world.case(it, "anne") }
            world.syncAll("anne")
            val phone = world.device("anne")
            cases.forEach { case ->
                repeat(VISITS_OF_CASE) { phone.folge.recordVisit(case, visit("anne", it.toLong())) }
            }
            val syncing = microseconds { phone.folge.sync(null) }

            repeat(CALLS) { folgeVersion() }
            val call = microseconds { repeat(CALLS) { folgeVersion() } } / CALLS
            repeat(SUSPENDING_CALLS) { phone.folge.state() }
            val suspending =
                microseconds { repeat(SUSPENDING_CALLS) { phone.folge.state() } } / SUSPENDING_CALLS

            val record = (0 until RECORDED).map {
                val visit = visit("anne", 1000L + it, "Møte om arbeidstid")
                microseconds { phone.folge.recordVisit(cases[it % CASES], visit) }
            }
            val day = visit("anne", 0).day
            val today = (0 until 50).map { microseconds { phone.folge.day(day) } }

            val open = (0 until 5).map {
                phone.crash()
                microseconds {
                    phone.folge.unlock(UnlockWith.PlatformKey)
                    phone.folge.day(day)
                }
            }
            println(
                """{"bench":"kotlin","version":"${folgeVersion()}","cases":$CASES,""" +
                    """"visits":${phone.folge.sums().visits},""" +
                    """"call_us":${"%.2f".format(java.util.Locale.ROOT, call)},""" +
                    """"suspending_call_us":${"%.1f".format(java.util.Locale.ROOT, suspending)},""" +
                    """"record_visit_median_ms":${milliseconds(record.at(0.5))},""" +
                    """"record_visit_p95_ms":${milliseconds(record.at(0.95))},""" +
                    """"day_median_ms":${milliseconds(today.at(0.5))},""" +
                    """"cold_open_median_ms":${milliseconds(open.at(0.5))},""" +
                    """"cold_open_first_ms":${milliseconds(open.first())},""" +
                    """"sync_caseload_ms":${milliseconds(syncing)},""" +
                    """"peak_before_kb":$peakBefore,"peak_after_kb":${peakKilobytes()}}""",
            )
        }
    }
}
