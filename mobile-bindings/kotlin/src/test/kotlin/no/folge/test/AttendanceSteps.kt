package no.folge.test

import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive
import no.folge.*
import org.junit.jupiter.api.Assertions.assertEquals

/** The steps by which a visit is confirmed. Says whether it is one of them. */
suspend fun Story.attendance(step: Step): Boolean = with(step) {
    when (name) {
        "offer" -> keep(client().offerVisit(kept("case"), kept("visit")))
        "answer" -> {
            val offer = client().readOffer(kept("offer"))
            assertEquals(client().ownThreads().single(), offer.thread, "the thread")
            keep(client().answerOffer(kept("offer"), verdict("verdict")))
        }
        "take_answer" -> {
            val taken = client().takeAnswer(kept("case"), kept("answer"))
            assertEquals(verdict("verdict"), taken.verdict)
        }
        "set_pin" -> client().setPin(kept("case"), text("pin"))
        "confirm_by_pin" -> client().confirmByPin(kept("case"), kept("visit"), text("pin"))
        "confirm_by_drawing" -> {
            val strokes = field("strokes").jsonArray.map { stroke ->
                stroke.jsonArray.map { point ->
                    val (x, y) = point.jsonArray.map { it.jsonPrimitive.int }
                    Point(x, y)
                }
            }
            client().confirmByDrawing(kept("case"), kept("visit"), strokes)
        }
        "confirm_later" -> client().confirmLater(kept("case"), kept("visit"), text("reason"))
        "cannot_confirm" -> client().cannotConfirm(kept("case"), kept("visit"), text("reason"))
        else -> return@with false
    }
    true
}
