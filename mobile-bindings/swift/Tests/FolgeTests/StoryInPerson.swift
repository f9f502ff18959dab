import Foundation

@testable import Folge

extension Story {
    /// How a participant confirms beside the consultant.
    func attendance(_ kind: String, _ step: Fields, _ folge: Folge) async throws -> Bool {
        switch kind {
        case "offer":
            let code = try await folge.offerVisit(
                participation: recall(step.text("case")), visit: recall(step.text("visit")))
            kept[try step.text("as")] = code
        case "answer":
            let offer = try recall(step.text("offer"))
            let shown = try await folge.readOffer(code: offer)
            try await same("threads", folge.ownThreads(), [shown.thread])
            let answer = try await folge.answerOffer(
                offerCode: offer, verdict: verdict(step["verdict"]))
            kept[try step.text("as")] = answer
        case "take_answer":
            let taken = try await folge.takeAnswer(
                participation: recall(step.text("case")), code: recall(step.text("answer")))
            try same("verdict", taken.verdict, verdict(step["verdict"]))
        case "set_pin":
            try await folge.setPin(participation: recall(step.text("case")), pin: step.text("pin"))
        case "confirm_by_pin":
            _ = try await folge.confirmByPin(
                participation: recall(step.text("case")), visit: recall(step.text("visit")),
                pin: step.text("pin"))
        case "confirm_by_drawing":
            _ = try await folge.confirmByDrawing(
                participation: recall(step.text("case")), visit: recall(step.text("visit")),
                strokes: step.list("strokes").map(stroke))
        case "cannot_confirm":
            _ = try await folge.cannotConfirm(
                participation: recall(step.text("case")), visit: recall(step.text("visit")),
                reason: step.text("reason"))
        default:
            return false
        }
        return true
    }

    private func stroke(_ given: Json) throws -> [Point] {
        guard case .list(let points) = given else { throw StoryFailure("no stroke") }
        return try points.map { point in
            guard case .list(let pair) = point, pair.count == 2,
                case .number(let x) = pair[0], case .number(let y) = pair[1]
            else { throw StoryFailure("no point") }
            return Point(x: Int32(x), y: Int32(y))
        }
    }
}
