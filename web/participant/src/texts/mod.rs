//! What users read: one module for each language, and the compiler refuses a missing text. Short
//! sentences and common words (CEFR A2). Another language is another module, and its place in
//! [`ALL`]; `dir` says from which side it is read.

mod en;
mod nb;
mod nn;

/// Every language.
pub(crate) const ALL: [&Texts; 3] = [&nb::TEXTS, &nn::TEXTS, &en::TEXTS];

/// The texts of a language by its code, such as `nb`, `nb-NO` or `no`; Bokmål for any other.
pub(crate) fn of(code: &str) -> &'static Texts {
    let short = code.get(..2).unwrap_or_default();
    let known = ALL.iter().find(|texts| texts.code == short);
    known.copied().unwrap_or(ALL[0])
}

macro_rules! texts {
    ($($name:ident)*) => {
        /// The texts of one language.
        pub(crate) struct Texts {
            $(pub(crate) $name: &'static str,)*
        }
    };
}

texts! {
    code locale dir own_name
    home back close_other
    loading joining joining_offline
    no_link_title no_link bad_link_title bad_link used_link_title used_link other_link
    put_out_title put_out undelivered erased_title erased other_tab_title other_tab use_here
    no_storage_title no_storage damaged_title damaged
    ask_title ask_changed ask_of ask_at ask_with ask_free ask_change_later
    yes no wrong wrong_title wrong_label wrong_hint send cancel
    said_yes said_no said_wrong undo undone saved not_saved
    sent_saved sent_stored sent_read offline unreadable odd
    in_person video phone
    meetings_title no_meetings you_said change_answer not_answered answer_now
    plan_title no_plan reports_title no_reports read_it shown_at new_version
    agree_question agree disagree only_comment opinion_label opinion_hint
    agrees disagrees commented
    absence_title absence_intro absence_from absence_until absence_words absence_send
    absence_told absence_bad absence_mine
    messages_title no_messages message_label message_send from_staff from_you message_told
    data_title data_intro data_see data_html data_json data_ask data_what data_words data_send
    data_told data_mine right_access right_rectification right_erasure right_restriction
    right_portability right_objection state_open state_forwarded state_done state_declined
    language_title language_told
    code_title code_intro code_scan code_write code_label code_read code_bad code_foreign code_old
    code_no_camera code_show code_show_hint code_text_label
    words_missing words_long
    kind_notice kind_comment kind_request kind_answer kind_meeting kind_meeting_answer kind_report
    kind_opinion kind_absence participant staff field_text field_start field_end field_form
    field_consultant field_place field_answer field_title field_right field_state

}
