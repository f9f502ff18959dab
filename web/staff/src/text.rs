//! What users read, in Bokmål and English. What the core knows words for (codes, deadlines, errors,
//! where a record is) comes from the core.

use folge_core::domain::Language;

macro_rules! texts {
    ($($name:ident: $nb:literal, $en:literal;)+) => {
        /// Every text of the app.
        pub(crate) struct Texts {
            $(pub(crate) $name: &'static str,)+
        }

        static NB: Texts = Texts { $($name: $nb,)+ };
        static EN: Texts = Texts { $($name: $en,)+ };
    };
}

/// The texts of a language.
pub(crate) const fn texts(language: Language) -> &'static Texts {
    match language {
        Language::Norwegian => &NB,
        Language::English => &EN,
    }
}

texts! {
    // Places.
    today: "I dag", "Today";
    week: "Uke", "Week";
    people: "Deltakere", "Participants";
    me: "Meg", "Me";
    cases: "Deltakelser", "Participations";
    due: "Frister", "Deadlines";
    month: "Måned", "Month";
    members: "Medarbeidere", "Staff";
    trouble: "Varsler", "Alerts";
    main_menu: "Hovedmeny", "Main menu";
    skip: "Hopp til innholdet", "Skip to content";
    back: "Tilbake", "Back";
    close: "Lukk", "Close";
    save: "Lagre", "Save";
    saved: "Lagret på telefonen.", "Saved on this phone.";
    undo: "Angre", "Undo";
    undone: "Angret.", "Undone.";
    more: "Mer", "More";
    yes: "Ja", "Yes";
    no: "Nei", "No";
    loading: "Henter …", "Loading …";
    nothing: "Ingenting her.", "Nothing here.";
    protected_name: "Skjermet deltaker", "Protected participant";
    // Setting up.
    welcome: "Velkommen til Følge", "Welcome to Følge";
    need_link: "Åpne invitasjonen du fikk fra administratoren din, eller lim den inn her.", "Open the invitation from your administrator, or paste it here.";
    link: "Invitasjon", "Invitation";
    link_hint: "En lenke som slutter på mange tegn.", "A link that ends in many characters.";
    next: "Neste", "Next";
    compare: "Sammenlign disse seks ordene med dem som inviterte deg:", "Compare these six words with whoever invited you:";
    choose_pin: "Velg en PIN for appen", "Choose a PIN for the app";
    choose_pin_why: "Den låser appen på denne enheten. Minst seks tegn. Glemmer du den, må du inviteres på nytt.", "It locks the app on this device. At least six characters. If you forget it, you must be invited anew.";
    pin: "PIN", "PIN";
    new_pin: "Ny PIN", "New PIN";
    old_pin: "Nåværende PIN", "Current PIN";
    no_pin: "Enheten er bare min og har egen skjermlås. Bruk den i stedet for PIN.", "This device is mine alone and has its own screen lock. Use that instead of a PIN.";
    no_pin_hint: "Uten PIN kan den som låser opp enheten, åpne appen.", "Without a PIN, whoever unlocks the device can open the app.";
    begin: "Ta i bruk", "Begin";
    joining: "Vi kobler deg til", "We are connecting you";
    joining_why: "Det kan ta et minutt. Uten nett fortsetter det når nettet er tilbake.", "It may take a minute. Without a network it goes on once there is one.";
    not_let_in: "Vi får ikke koblet deg til", "We cannot connect you";
    try_again: "Prøv igjen", "Try again";
    other_invitation: "Bruk en annen invitasjon", "Use another invitation";
    unlock: "Lås opp", "Unlock";
    locked: "Appen er låst", "The app is locked";
    locked_why: "Utkast og tidtaking er tatt vare på.", "Drafts and timers are kept.";
    for_participants: "Denne lenken er for en deltaker. Åpne den på deltakerens side.", "This link is for a participant. Open it on the participant's page.";
    gave_up: "Appen stoppet flere ganger. Det som er lagret, er trygt. Last siden på nytt.", "The app stopped several times. What is saved is safe. Load the page again.";
    reload: "Last på nytt", "Load again";
    no_storage: "Nettleseren lar ikke appen lagre noe her. Slå av privat nettlesing, eller bruk en annen nettleser.", "The browser lets the app save nothing here. Turn off private browsing, or use another browser.";
    put_out: "Denne enheten er stengt ute. Ta kontakt med kontoret.", "This device was put out. Contact the office.";
    update_ready: "En ny versjon er klar.", "A new version is ready.";
    update_use: "Bruk den nå", "Use it now";
    update_refused: "En oppdatering ble avvist fordi den ikke er signert riktig. Si fra til administratoren.", "An update was refused because it is not signed properly. Tell your administrator.";
    development: "Utviklingsversjon – ikke for ekte personopplysninger", "Development version – not for real personal data";
    found: "Jeg setter opp Følge for en ny arrangør", "I set up Følge for a new provider";
    found_why: "Du blir administrator. Relé-adressen og koden får du av den som drifter reléet.", "You become the administrator. Whoever runs the relay gives you its address and the code.";
    relay_address: "Adressen til reléet", "The relay's address";
    founding_code: "Kode", "Code";
    recovery: "Gjenopprettingsord", "Recovery words";
    recovery_why: "Skriv dem ned nå og legg dem i en safe. De vises bare denne gangen, og er den eneste veien tilbake hvis alle administratorer mister enhetene sine.", "Write them down now and put them into a safe. They are shown this once, and are the only way back if all administrators lose their devices.";
    recovery_done: "Jeg har skrevet dem ned", "I have written them down";
    // The day.
    start_visit: "Start møte", "Start visit";
    start_travel: "Start reise", "Start travel";
    enter_visit: "Registrer møte", "Enter visit";
    plan_visit: "Planlegg møte", "Plan visit";
    group_visit: "Gruppemøte", "Group meeting";
    stop: "Stopp", "Stop";
    record_it: "Før det", "Record it";
    discard: "Forkast", "Discard";
    running_visit: "Møte pågår", "Visit under way";
    running_travel: "Reise pågår", "Travelling";
    stopped_visit: "Møte stoppet, ikke ført", "Visit stopped, not recorded";
    stopped_travel: "Reise stoppet, ikke ført", "Travel stopped, not recorded";
    since: "siden", "since";
    todays_visits: "Møter", "Visits";
    no_visits: "Ingen møter denne dagen.", "No visits this day.";
    due_now: "Må gjøres", "To be done";
    unconfirmed: "Ikke bekreftet", "Not confirmed";
    drafts: "Påbegynt", "Begun";
    go_on: "Fortsett", "Go on";
    day_before: "Dagen før", "The day before";
    day_after: "Dagen etter", "The day after";
    week_before: "Uken før", "The week before";
    week_after: "Uken etter", "The week after";
    overdue: "over fristen", "overdue";
    due_today: "i dag", "today";
    not_in_register: "Kontoret har ikke lagt deg inn i registeret ennå.", "The office has not put you into the register yet.";
    // Sync.
    sync_ok: "Alt er levert", "All is delivered";
    sync_running: "Synker …", "Syncing …";
    sync_waiting: "Lagret på telefonen, venter på nett", "Saved on this phone, waiting for network";
    sync_never: "Ikke synket ennå", "Not synced yet";
    sync_last: "Sist synket", "Last synced";
    saved_here: "lagret på telefonen", "saved on this phone";
    stored: "levert", "delivered";
    read: "lest av kontoret", "read by the office";
    // Confirmations.
    confirmed: "bekreftet", "confirmed";
    not_confirmed: "ikke bekreftet", "not confirmed";
    changed_since: "endret etter bekreftelse", "changed since confirmed";
    disputed: "deltakeren er ikke enig", "the participant does not agree";
    excused_confirm: "kan ikke bekreftes", "cannot be confirmed";
    // Choosing.
    choose_participant: "Velg deltaker", "Choose a participant";
    search: "Søk", "Search";
    search_hint: "Navn eller referanse", "Name or reference";
    none_found: "Ingen funnet.", "None found.";
    last_met: "sist møtt", "last met";
    never_met: "ikke møtt ennå", "not met yet";
    // The form of a visit.
    visit: "Møte", "Visit";
    change_visit: "Endre møte", "Change visit";
    day: "Dag", "Day";
    from: "Fra", "From";
    to: "Til", "To";
    earlier: "15 min tidligere", "15 min earlier";
    later: "15 min senere", "15 min later";
    next_day: "Slutter dagen etter.", "Ends the day after.";
    how: "Hvordan", "How";
    with: "Med", "With";
    came_of_it: "Hva skjedde", "What happened";
    absence_reason: "Grunn", "Reason";
    employer: "Arbeidsgiver", "Employer";
    no_employer: "Ingen", "None";
    activities: "Aktiviteter", "Activities";
    colleagues: "Andre veiledere", "Other consultants";
    note: "Notat", "Note";
    note_hint: "Bare det som trengs. Ingen diagnoser.", "Only what is needed. No diagnoses.";
    group_note_hint: "Notatet kommer i alles saker. Skriv ikke noe om enkeltpersoner.", "The note goes into everybody's file. Write nothing about individuals.";
    agreed: "Avtalt", "Agreed";
    travel_minutes: "Reisetid (minutter)", "Travel time (minutes)";
    reason: "Grunn", "Reason";
    reason_hint: "Møtet er utenfor deltakelsens dager, eller er allerede levert. Skriv hvorfor.", "The visit is outside the participation's days, or was delivered already. Say why.";
    clock_jumped: "Klokken på telefonen ble stilt underveis. Se over tidene.", "The phone's clock was set meanwhile. Check the times.";
    more_fields: "Aktiviteter, notat og mer", "Activities, note and more";
    attendees: "Hvem var med", "Who was there";
    came: "Møtte", "Came";
    did_not_come: "Møtte ikke", "Did not come";
    not_invited: "Ikke invitert", "Not invited";
    // A participation.
    overview: "Oversikt", "Overview";
    visits: "Møter", "Visits";
    reports: "Rapporter", "Reports";
    plan: "Plan", "Plan";
    thread: "Meldinger", "Messages";
    history: "Historikk", "History";
    hours_month: "Timer denne måneden", "Hours this month";
    average: "snitt i avtalen", "the agreement's average";
    hours_by_month: "Timer per måned", "Hours by month";
    attended_hours: "Møter", "Meetings";
    travel_hours: "Reise", "Travel";
    report_hours: "Rapporter", "Reports";
    quarters: "Kvarter som kreves", "Quarters claimed";
    employers: "Arbeidsforhold", "Work";
    order: "Bestilling fra NAV", "NAV's order";
    nav: "NAV", "NAV";
    phone: "Telefon", "Phone";
    period: "Periode", "Period";
    consultant: "Veileder", "Consultant";
    status: "Status", "Status";
    restricted: "Behandlingen er begrenset:", "The processing is restricted:";
    protected: "Adressesperre: vær varsom.", "Protected address: take care.";
    contact_attempt: "Kontaktforsøk", "Contact attempt";
    write_note: "Skriv notat", "Write a note";
    write_message: "Skriv til deltakeren", "Write to the participant";
    message: "Melding", "Message";
    participant_reads: "Deltakeren leser dette på sin side.", "The participant reads this on their page.";
    invite_participant: "Gi deltakeren en egen side", "Give the participant an own page";
    reached: "Fikk du kontakt?", "Did you reach them?";
    channel: "Hvordan", "How";
    was_shown: "Møte vist til deltakeren", "Visit shown to the participant";
    said_yes: "Deltakeren sa ja", "The participant said yes";
    said_no: "Deltakeren sa nei", "The participant said no";
    said_wrong: "Deltakeren sier at noe er feil", "The participant says that something is wrong";
    report_shown: "Vist til deltakeren", "Shown to the participant";
    report_agrees: "Deltakeren er enig i teksten", "The participant agrees with the text";
    report_disagrees: "Deltakeren er uenig i teksten", "The participant does not agree with the text";
    report_comment: "Deltakeren om teksten", "The participant about the text";
    show_report: "Vis til deltakeren", "Show to the participant";
    report_is_shown: "Deltakeren kan lese det på sin side.", "The participant can read it on their page.";
    away: "Melder fravær", "Will be away";
    other_message: "Noe en nyere versjon viser", "Something that a newer version shows";
    participant: "Deltaker", "Participant";
    delivered: "levert NAV", "delivered to NAV";
    not_delivered: "ikke levert", "not delivered";
    what_for: "Mål", "Goal";
    trip: "Reise", "Travel";
    told_nav: "NAV fikk beskjed", "NAV was told";
    old_value: "var", "was";
    show_all: "Vis alle", "Show all";
    voided_reason: "Hvorfor skal den bort?", "Why should it go?";
    void: "Ta bort", "Take away";
    // NAV.
    tell_nav: "Meld fravær til NAV", "Tell NAV of the absence";
    tell_nav_why: "NAV skal ha beskjed samme dag. Kopier teksten inn i Deltakeroversikten, og lagre at du har gjort det.", "NAV must be told the same day. Copy the text into Deltakeroversikt, and save that you did.";
    copy: "Kopier teksten", "Copy the text";
    copied: "Kopiert.", "Copied.";
    sent_it: "Jeg har meldt det", "I have told them";
    notice_no_show: "Deltaker {ref} møtte ikke til avtalt møte {when}, uten beskjed. Vi forsøker å få kontakt.", "Participant {ref} did not come to the agreed meeting {when} and gave no notice. We are trying to reach them.";
    // Confirming.
    confirm_visit: "Bekreft møtet", "Confirm the visit";
    ask_participant: "Spør på deltakerens side", "Ask on the participant's page";
    asked: "Deltakeren er spurt. Svaret kommer hit.", "The participant was asked. The answer comes here.";
    by_qr: "Vis kode til deltakerens telefon", "Show a code to the participant's phone";
    by_qr_why: "Begge telefonene kan være uten nett.", "Both phones may be offline.";
    show_this: "Deltakeren leser denne koden på sin side.", "The participant reads this code on their page.";
    scan_answer: "Les deltakerens svar", "Read the participant's answer";
    type_code: "Skriv koden i stedet", "Type the code instead";
    code: "Kode", "Code";
    take_code: "Bruk koden", "Use the code";
    by_pin: "Deltakeren taster sin PIN", "The participant types their PIN";
    set_pin: "Deltakeren velger en PIN", "The participant chooses a PIN";
    set_pin_why: "La deltakeren taste selv. Seks til tolv sifre.", "Let the participant type. Six to twelve digits.";
    by_drawing: "Deltakeren skriver under på skjermen", "The participant signs on the screen";
    draw_here: "Skriv navnet her med fingeren", "Write your name here with a finger";
    draw_clear: "Tøm", "Clear";
    draw_keyboard: "Må tegnes med finger eller mus. Velg en annen måte hvis det ikke går.", "It is drawn with a finger or mouse. Choose another way if that does not work.";
    by_later: "Bekreftet på en annen måte", "Confirmed another way";
    by_later_why: "For eksempel på papir. Skriv hvordan.", "On paper, for instance. Say how.";
    by_none: "Kan ikke bekreftes", "Cannot be confirmed";
    by_none_why: "Skriv hvorfor. Timene kan bli avvist.", "Say why. The hours may be refused.";
    answer_yes: "Deltakeren bekreftet møtet.", "The participant confirmed the visit.";
    answer_no: "Deltakeren sier at møtet ikke fant sted.", "The participant says that it did not take place.";
    answer_wrong: "Deltakeren sier at noe er feil:", "The participant says that something is wrong:";
    // The camera.
    camera: "Kamera", "Camera";
    camera_point: "Hold kameraet over koden.", "Hold the camera over the code.";
    camera_none: "Kameraet kan ikke brukes her. Skriv koden i stedet.", "The camera cannot be used here. Type the code instead.";
    // Inviting.
    invitation: "Invitasjon", "Invitation";
    invite_show: "La den andre lese koden med kameraet, eller send lenken. Den virker én gang.", "Have the other read the code with a camera, or send the link. It works once.";
    copy_link: "Kopier lenken", "Copy the link";
    valid_until: "Gjelder til", "Valid until";
    invite: "Inviter", "Invite";
    invite_new: "Inviter en ny medarbeider", "Invite a new member of staff";
    role: "Rolle", "Role";
    role_administrator: "Administrator", "Administrator";
    role_coordinator: "Koordinator", "Coordinator";
    role_consultant: "Veileder", "Consultant";
    role_auditor: "Revisor, leser alt og skriver ingenting", "Auditor, reads everything and writes nothing";
    who_in_register: "Hvem i registeret", "Who in the register";
    nobody_yet: "Ikke i registeret ennå", "Not in the register yet";
    invite_device: "Inviter en enhet til", "Invite another device";
    withdraw: "Trekk tilbake", "Withdraw";
    inv_open: "kan brukes", "can be used";
    inv_used: "brukt", "used";
    inv_withdrawn: "trukket tilbake", "withdrawn";
    inv_expired: "for gammel", "too old";
    invitations: "Invitasjoner", "Invitations";
    devices: "Enheter", "Devices";
    this_device: "denne enheten", "this device";
    heard: "sist sett", "last seen";
    never_heard: "ikke sett ennå", "not seen yet";
    // Me.
    language: "Språk", "Language";
    theme: "Lys eller mørk", "Light or dark";
    theme_auto: "Som enheten", "As the device";
    theme_light: "Lys", "Light";
    theme_dark: "Mørk", "Dark";
    lock_now: "Lås appen nå", "Lock the app now";
    change_pin: "Bytt PIN", "Change PIN";
    set_own_pin: "Sett PIN", "Set a PIN";
    remove_pin: "Fjern PIN", "Remove the PIN";
    pin_changed: "PIN er endret.", "The PIN is changed.";
    workspace_words: "Arbeidsområdets seks ord", "The workspace's six words";
    install: "Legg appen på hjemskjermen", "Put the app on the home screen";
    install_how: "Åpne nettleserens meny og velg «Legg til på startsiden».", "Open the browser's menu and choose “Add to home screen”.";
    version: "Versjon", "Version";
    // The office.
    all_statuses: "Alle", "All";
    all_consultants: "Alle veiledere", "All consultants";
    only_conflicts: "Bare med konflikter", "Only with conflicts";
    shown_of: "vist", "shown";
    conflicts: "Konflikter", "Conflicts";
    conflicts_why: "To enheter skrev samtidig. Velg hva som gjelder.", "Two devices wrote at once. Choose what stands.";
    settle: "Dette gjelder", "This stands";
    settled: "Avklart.", "Settled.";
    empty_value: "(tomt)", "(empty)";
    quarantine: "Lagt til side", "Put aside";
    quarantine_none: "Ingenting er lagt til side.", "Nothing is put aside.";
    alarms_none: "Ingen varsler.", "No alerts.";
    seen: "Sett", "Seen";
    mark_seen: "Jeg har sett det", "I have seen it";
    times: "ganger", "times";
    last_time: "sist", "last";
    month_before: "Måneden før", "The month before";
    month_after: "Måneden etter", "The month after";
    sum: "Sum", "Sum";
    hidden_lines: "Bare åpne frister er vist.", "Only open deadlines are shown.";
    who_changed: "Hvem endret hva", "Who changed what";
}
