package no.folge.test

import java.io.File
import java.time.Instant
import java.time.LocalDate
import java.time.OffsetDateTime
import java.time.YearMonth
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import no.folge.*
import no.folge.flow.code
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The story that all platforms tell (`story/README.md`), told by Kotlin. */
class StoryTest {
    @Test
    fun `the story goes as it is written`(@TempDir folder: File) = runBlocking {
        val text = File(System.getProperty("folge.story")).readText()
        val steps = Json.parseToJsonElement(text).jsonObject.getValue("steps").jsonArray
        Story(folder).use { story ->
            steps.forEachIndexed { number, step ->
                try {
                    story.tell(Step(step.jsonObject))
                } catch (error: Throwable) {
                    throw AssertionError("step ${number + 1}, $step: $error", error)
                }
            }
        }
    }
}

/** A step of the story. */
class Step(private val fields: JsonObject) {
    /** What it does. */
    val name: String = text("do")

    fun has(field: String): Boolean = field in fields

    fun field(field: String): JsonElement =
        fields[field] ?: error("the step has no field $field")

    fun part(field: String): Step? = fields[field]?.let { Step(JsonObject(it.jsonObject + NAMELESS)) }

    fun parts(field: String): List<Step> =
        field(field).jsonArray.map { Step(JsonObject(it.jsonObject + NAMELESS)) }

    fun text(field: String): String = field(field).jsonPrimitive.content

    fun textOrNull(field: String): String? = if (has(field)) text(field) else null

    fun texts(field: String): List<String> = field(field).jsonArray.map { it.jsonPrimitive.content }

    fun number(field: String): Int = field(field).jsonPrimitive.int

    fun long(field: String): Long = field(field).jsonPrimitive.long

    fun isSo(field: String): Boolean = field(field).jsonPrimitive.boolean

    fun day(field: String): LocalDate = LocalDate.parse(text(field))

    fun month(field: String): YearMonth = YearMonth.parse(text(field))

    fun instant(field: String): Instant = OffsetDateTime.parse(text(field)).toInstant()

    /** One of an enum's words, such as `in_person`. */
    inline fun <reified E : Enum<E>> word(field: String): E = enumValueOf(text(field).uppercase())

    /** What a participant says: `yes`, `no`, or an object with what is wrong. */
    fun verdict(field: String): Verdict = when (val said = field(field)) {
        is JsonPrimitive -> when (said.content) {
            "yes" -> Verdict.Yes
            "no" -> Verdict.No
            else -> error("no verdict: $said")
        }
        is JsonObject -> Verdict.Wrong(said.getValue("wrong").jsonPrimitive.content)
        is JsonArray -> error("no verdict: $said")
    }

    private companion object {
        val NAMELESS = mapOf("do" to JsonPrimitive(""))
    }
}

/** What is put behind a visit's name for the travel that was recorded with it. */
private const val TRIP = "-trip"

/** Who the story is about, and what its steps have kept. */
class Story(folder: File) : AutoCloseable {
    private val world = World(folder)
    private val kept = mutableMapOf<String, String>()

    override fun close() = world.close()

    private fun device(name: String): Device = world.device("device-$name")

    fun Step.client(): Folge = device(text("on")).folge

    /** What an earlier step kept under the name that a field holds. */
    fun Step.kept(field: String): String =
        kept[text(field)] ?: error("no step kept ${text(field)}")

    fun Step.keep(value: String) {
        kept[text("as")] = value
    }

    suspend fun tell(step: Step) {
        if (!step.has("error")) {
            return step.doIt()
        }
        val found = try {
            step.doIt()
            null
        } catch (error: FolgeException) {
            error
        }
        assertEquals(step.text("error"), found?.code, "the error")
        if (step.has("field")) {
            assertEquals(step.text("field"), (found as FolgeException.Invalid).field, "its field")
        }
    }

    private fun Step.unlockWith(): UnlockWith =
        textOrNull("passphrase")?.let { UnlockWith.Passphrase(it) } ?: UnlockWith.PlatformKey

    private suspend fun Step.page(): ParticipationPage = client().participation(kept("case"))

    private suspend fun Step.onPage(): RecordOnPage {
        val reference = RecordRef.Visit(kept("visit"))
        return page().records.first { it.reference == reference }
    }

    private suspend fun Step.doIt() {
        when (name) {
            "relay" -> when (text("is")) {
                "up" -> world.relay.start()
                "down" -> world.relay.stop()
                else -> error("the relay is up or down")
            }
            "found" -> client().found(world.proxy.url, "", UnlockWith.PlatformKey)
            "join" -> client().join(kept("link"), unlockWith())
            "state" -> client().state().let { assertEquals(word<StoreState>("is"), it) }
            "lock" -> client().lock()
            "unlock" -> client().unlock(unlockWith())
            "change_unlock" -> {
                val then = textOrNull("to")?.let { UnlockWith.Passphrase(it) }
                client().changeUnlock(unlockWith(), then ?: UnlockWith.PlatformKey)
            }
            "crash" -> device(text("on")).crash()
            "sync" -> client().sync(null)
            "put_agreement" -> {
                val terms = builtInTerms().first { it.name == text("built_in") }
                val toml = terms.toml + textOrNull("append").orEmpty()
                client().putAgreement(text("agreement"), day("from"), toml)
            }
            "name_member" ->
                client().nameMember(text("staff"), device(text("device")).folge.me().person)
            "put_register" -> putRegister()
            "invite" -> keep(client().invite(word("role"), 24).link)
            "invite_participant" -> keep(client().inviteParticipant(kept("case"), 24).link)
            "create_case" -> createCase()
            "caseload" -> counted(client().caseload())
            "record_visit" -> recordVisit()
            "amend_visit" -> amendVisit()
            "void_visit" ->
                client().voidRecord(kept("case"), RecordRef.Visit(kept("visit")), text("reason"))
            "take_back" -> {
                val visit = RecordRef.Visit(kept("visit"))
                val trip = RecordRef.Trip(kept.getValue(text("visit") + TRIP))
                val both = listOf(visit, trip).map { RefOfCase(kept("case"), it) }
                client().voidEach(both, text("reason"))
            }
            "record_trip" -> recordTrip()
            "record_contact" -> recordContact()
            "start_timer" -> keep(client().startTimer(word("kind"), listOf(kept("case"))))
            "stop_timer" -> {
                val stopped = client().stopTimer(kept("timer"))
                assertEquals(stopped, client().stopTimer(kept("timer")), "stopped again")
                client().clearTimer(kept("timer"))
            }
            "timers" -> counted(client().timers())
            "day" -> counted(client().day(day("day")))
            "week" -> counted(client().week(day("day")).flatMap { it.visits })
            "record_state" -> {
                val state = client().recordState(kept("case"), RecordRef.Visit(kept("visit")))
                assertEquals(word<RecordState>("is"), state)
            }
            "visit" -> visit()
            "history" -> history()
            "conflict" -> conflict()
            "settle" -> {
                val record = RecordRef.Visit(kept("visit"))
                client().settle(kept("case"), record, text("field"), textOrNull("value"))
            }
            "put_draft" -> client().putDraft(text("name"), kept("case"), text("content"))
            "drafts" -> {
                val drafts = client().drafts()
                counted(drafts)
                if (has("newest")) assertEquals(text("newest"), drafts.first().content)
            }
            "drop_draft" -> client().dropDraft(text("name"))
            "sums" -> client().sums().let { assertEquals(long("visits"), it.visits) }
            "hours" -> hours()
            "claim" -> {
                val claim = client().claim(text("agreement"), month("month"))
                assertEquals(long("amount_ore"), claim.amountOre)
            }
            "show_visit" -> client().showVisit(kept("case"), kept("visit"))
            "cards" -> counted(cards())
            "confirm" -> {
                val card = cards()[number("card")]
                client().confirm(ownThread(), card.visit, card.digest, verdict("verdict"))
            }
            "evidence" -> evidence()
            "comment" -> client().comment(ownThread(), text("text"))
            "thread" -> {
                val thread = checkNotNull(page().participation?.thread) { "no thread" }
                val comments = client().thread(thread).filter { it.body is MessageBody.Comment }
                assertEquals(number("comments"), comments.size)
            }
            "deadlines" -> atLeast(client().deadlines(isSo("only_mine")).size)
            "draft" -> {
                val draft = client().reportDraft(kept("case"), word("kind"))
                assertEquals(isSo("complete"), draft.complete)
            }
            "archive" -> atLeast(client().archive(kept("case")).size)
            "quarantine" -> counted(client().quarantine())
            "verify" -> assertEquals(0, client().verifyEverything().faults)
            else -> assertTrue(attendance(this), "the step is not known here")
        }
    }

    // A step that must fail states no count, so the client is asked first.
    private fun Step.counted(found: List<*>) = assertEquals(number("count"), found.size)

    private fun Step.atLeast(count: Int) =
        assertTrue(count >= number("at_least"), "$count are too few")

    private suspend fun Step.putRegister() {
        val provider = part("provider")?.run { Provider(text("name"), text("org_number")) }
        val employers = parts("employers").map {
            Employer(it.text("key"), it.text("name"), municipality = it.textOrNull("municipality"))
        }
        val staff = parts("staff").map {
            val person = it.textOrNull("device")?.let { name -> device(name).folge.me().person }
            StaffMember(it.text("key"), it.text("name"), person, it.number("position_percent"))
        }
        client().putRegister(provider, employers, staff)
    }

    private suspend fun Step.createCase() {
        val participation = checkNotNull(part("participation")).run {
            Participation(
                reference = text("reference"),
                firstName = text("first_name"),
                lastName = text("last_name"),
                status = word("status"),
                agreement = text("agreement"),
                area = text("area"),
                consultant = text("consultant"),
                ordered = day("ordered"),
                start = day("start"),
                end = day("end"),
            )
        }
        val assigned = texts("assigned").map { device(it).folge.me().person }
        keep(client().createParticipation(participation, assigned))
    }

    private suspend fun Step.staff(): StaffName = checkNotNull(client().me().staff) { "no staff" }

    private suspend fun Step.recordVisit() {
        val visit = Visit(
            id = newRecordName(),
            start = instant("start"),
            end = instant("start").plusSeconds(long("minutes") * 60),
            form = word("form"),
            with = word("with"),
            consultants = listOf(staff()),
            outcome = when (text("outcome")) {
                "attended" -> Outcome.Attended
                "no_show" -> Outcome.NoShow
                "planned" -> Outcome.Planned
                else -> error("no outcome: ${text("outcome")}")
            },
            note = textOrNull("note").orEmpty(),
        )
        val record = CaseRecord.OfVisit(visit)
        if (has("trip_minutes")) {
            val trip = trip(number("trip_minutes"), listOf(visit.id))
            kept[text("as") + TRIP] = trip.id
            val both = listOf(record, CaseRecord.OfTrip(trip)).map { RecordOfCase(kept("case"), it) }
            client().recordEach(both)
        } else {
            client().record(kept("case"), record, textOrNull("reason"))
        }
        keep(visit.id)
    }

    private suspend fun Step.amendVisit() {
        val visit = (onPage().record as CaseRecord.OfVisit).visit
        val end = if (has("minutes")) visit.start.plusSeconds(long("minutes") * 60) else visit.end
        val amended = visit.copy(end = end, note = textOrNull("note") ?: visit.note)
        client().amend(kept("case"), CaseRecord.OfVisit(amended), textOrNull("reason"))
    }

    private suspend fun Step.trip(minutes: Int, visits: List<RecordName>) = Trip(
        id = newRecordName(),
        consultant = staff(),
        minutes = minutes,
        visits = visits,
        meetings = visits.size,
    )

    private suspend fun Step.recordTrip() {
        val trip = trip(number("minutes"), texts("visits").map { kept.getValue(it) })
        client().record(kept("case"), CaseRecord.OfTrip(trip))
        keep(trip.id)
    }

    private suspend fun Step.recordContact() {
        val contact = ContactAttempt(
            id = newRecordName(),
            at = instant("at"),
            channel = word("channel"),
            reached = isSo("reached"),
            consultant = staff(),
            note = text("note"),
        )
        client().record(kept("case"), CaseRecord.OfContact(contact))
        keep(contact.id)
    }

    private suspend fun Step.visit() {
        val found = onPage()
        val visit = (found.record as CaseRecord.OfVisit).visit
        if (has("minutes")) {
            assertEquals(visit.start.plusSeconds(long("minutes") * 60), visit.end, "minutes")
        }
        if (has("note")) assertEquals(text("note"), visit.note, "note")
        if (has("voided")) assertEquals(isSo("voided"), found.voided != null, "voided")
    }

    private suspend fun Step.history() {
        val record = RecordRef.Visit(kept("visit"))
        val changes = client().history(kept("case")).filter { it.record == record }
        val change = changes.flatMap { it.changes }.last { it.field == text("field") }
        assertEquals(text("record_words"), recordWords(record).nb)
        assertEquals(text("field_words"), fieldWords(record, change.field)?.nb)
        val value = checkNotNull(change.new) { "no value" }
        assertEquals(text("new_words"), valueWords(record, change.field, value).nb)
    }

    private suspend fun Step.conflict() {
        val record = RecordRef.Visit(kept("visit"))
        val found = client().conflicts(kept("case"), record)
        val values = found.find { it.field == text("field") }?.values.orEmpty()
        assertEquals(number("values"), values.size, "values")
        if (has("field_words")) {
            assertEquals(text("field_words"), fieldWords(record, text("field"))?.nb)
        }
    }

    private suspend fun Step.hours() {
        val hours = client().hours(kept("case"))
        val listed = client().hoursOfAll().single { it.participation == kept("case") }
        assertEquals(hours, listed.hours, "in the list of all")
        val billed = hours as Hours.Billed
        val quarters = billed.months.single { it.month == month("month") }.quarters
        assertEquals(
            listOf(long("follow_up"), long("no_show"), long("travel")),
            listOf(quarters.followUp, quarters.noShow, quarters.travel),
            "follow-up, no-shows, travel",
        )
    }

    private suspend fun Step.ownThread(): ThreadId = client().ownThreads().single()

    private suspend fun Step.cards(): List<VisitCard> =
        client().thread(ownThread()).mapNotNull { (it.body as? MessageBody.Card)?.card }

    private suspend fun Step.evidence() {
        val found = client().evidence(kept("case")).single { it.visit == kept("visit") }
        assertEquals(word<ConfirmationGrade>("grade"), found.grade, "grade")
        val listed = client().evidenceForLists(kept("case")).single { it.visit == kept("visit") }
        assertEquals(found.grade, listed.grade, "in a list")
        assertEquals(isSo("carries_a_claim"), found.carriesAClaim, "carries a claim")
        if (has("disputed")) assertEquals(isSo("disputed"), found.disputed, "disputed")
    }
}
