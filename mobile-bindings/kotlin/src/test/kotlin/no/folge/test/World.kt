package no.folge.test

import java.io.File
import java.time.Instant
import java.time.LocalDate
import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeout
import no.folge.*
import no.folge.flow.code
import no.folge.flow.using

const val AGREEMENT: AgreementName = "oppfolging-agder"

/** A device: a folder and a key store that outlive the client over them. */
class Device(private val folder: File, val keys: KeyStore = memoryKeyStore()) : AutoCloseable {
    private var held: Folge? = null
    var lockAfterSeconds: Int? = null

    /** Its client, made where there is none. */
    val folge: Folge
        get() = held ?: Folge(FolgeSettings(folder.path, lockAfterSeconds, true), keys)
            .also { held = it }

    /** Lets go of the client without a word, as when the app is killed. */
    fun crash() {
        held?.close()
        held = null
    }

    override fun close() {
        held?.using { }
        held = null
    }
}

/** An office and who it lets in, over a relay of their own. */
class World(private val folder: File) : AutoCloseable {
    val network: Network = Network(File(folder, "relay"))
    val relay: RelayProcess get() = network.relay
    val proxy: Proxy get() = network.proxy
    private val devices = mutableMapOf<String, Device>()

    fun device(name: String, keys: KeyStore = memoryKeyStore()): Device =
        devices.getOrPut(name) { Device(File(folder, name), keys) }

    val office: Folge get() = device("office").folge

    /** Founds the workspace and puts an agreement into the register. */
    suspend fun found() {
        office.found(proxy.url, "", UnlockWith.PlatformKey)
        val terms = builtInTerms().first { it.name == AGREEMENT }.toml
        office.putAgreement(AGREEMENT, LocalDate.parse("2026-01-01"), terms)
        office.sync(null)
    }

    /** Lets in consultants, who stand in the register as `key-NAME`. */
    suspend fun consultants(
        vararg names: String,
        with: UnlockWith = UnlockWith.PlatformKey,
    ): List<Device> {
        val links = names.map { office.invite(Role.CONSULTANT, 24).link }
        office.sync(null)
        names.zip(links).forEach { (name, link) ->
            val folge = device(name).folge
            folge.join(link, with)
            folge.sync(null)
        }
        office.sync(null)
        office.putRegister(null, listOf(), names.map {
            StaffMember("key-$it", "Kari $it", device(it).folge.me().person, 100)
        })
        return names.map { device(it) }
    }

    /** Makes a participation, which its consultants see after the next sync. */
    suspend fun case(number: Int, vararg consultants: String): ParticipationId {
        val made = office.createParticipation(
            Participation(
                reference = "participant-%03d".format(number),
                firstName = "Fatima",
                lastName = "Dahl $number",
                status = ParticipationStatus.ACTIVE,
                agreement = AGREEMENT,
                area = "A",
                consultant = "key-${consultants.first()}",
                ordered = LocalDate.parse("2026-08-20"),
                start = LocalDate.parse("2026-09-01"),
                end = LocalDate.parse("2027-08-31"),
            ),
            consultants.map { device(it).folge.me().person },
        )
        return made
    }

    /** A workspace with these consultants, and one participation that all of them read. */
    suspend fun oneCase(vararg consultants: String): ParticipationId {
        found()
        consultants(*consultants)
        val case = case(0, *consultants)
        syncAll(*consultants)
        return case
    }

    /** The office delivers, and the consultants take in. */
    suspend fun syncAll(vararg consultants: String) {
        office.sync(null)
        consultants.forEach { device(it).folge.sync(null) }
    }

    override fun close() {
        devices.values.forEach { it.close() }
        network.close()
    }
}

private val FIRST_VISIT: Instant = Instant.parse("2026-09-07T07:00:00Z")

/** The visit that begins so many hours after the first. */
fun visit(consultant: String, hour: Long, note: String = "", id: RecordName = newRecordName()): Visit =
    Visit(
        id = id,
        start = FIRST_VISIT.plusSeconds(hour * 3600),
        end = FIRST_VISIT.plusSeconds(hour * 3600 + 1800),
        form = MeetingForm.IN_PERSON,
        with = With.PARTICIPANT,
        consultants = listOf("key-$consultant"),
        outcome = Outcome.Attended,
        note = note,
    )

/** The day of a visit's beginning, in Oslo. */
val Visit.day: LocalDate
    get() = start.atZone(java.time.ZoneId.of("Europe/Oslo")).toLocalDate()

suspend fun Folge.recordVisit(case: ParticipationId, visit: Visit): RecordName {
    record(case, CaseRecord.OfVisit(visit))
    return visit.id
}

/** The visits on a participation's page. */
suspend fun Folge.visits(case: ParticipationId): List<Visit> =
    participation(case).records.mapNotNull { (it.record as? CaseRecord.OfVisit)?.visit }

/** Waits until something is so. */
suspend fun until(what: String, isSo: suspend () -> Boolean) {
    runCatching {
        withTimeout(20_000) {
            while (!isSo()) delay(50)
        }
    }.onFailure { throw AssertionError("not in time: $what", it) }
}

/** The code of what fails; none where nothing does. */
suspend fun codeOf(work: suspend () -> Unit): String? = try {
    work()
    null
} catch (error: FolgeException) {
    error.code
}

/** The milliseconds that something takes. */
inline fun millisecondsOf(work: () -> Unit): Long {
    val start = System.nanoTime()
    work()
    return (System.nanoTime() - start) / 1_000_000
}
