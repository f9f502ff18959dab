//! Everything public, by name and type: as a list that a change shows up in, and as a description
//! with the words of the Rust documentation.

use std::fmt::Write;

use uniffi_bindgen::interface::{
    AsType, Callable, ComponentInterface, Enum, Function, Object, Record, Type,
};

/// A type as both Kotlin and Swift developers read it.
fn name_of(kind: &Type) -> String {
    match kind {
        Type::Boolean => "Bool".into(),
        Type::Int32 => "Int32".into(),
        Type::Int64 => "Int64".into(),
        Type::String => "Text".into(),
        Type::Bytes => "Bytes".into(),
        Type::Timestamp => "Instant".into(),
        Type::Optional { inner_type } => format!("{}?", name_of(inner_type)),
        Type::Sequence { inner_type } => format!("[{}]", name_of(inner_type)),
        Type::Map {
            key_type,
            value_type,
        } => format!("[{}: {}]", name_of(key_type), name_of(value_type)),
        Type::Object { name, .. }
        | Type::Record { name, .. }
        | Type::Enum { name, .. }
        | Type::CallbackInterface { name, .. }
        | Type::Custom { name, .. } => name.clone(),
        // None is used: an API of ours has no unsigned number.
        other => format!("{other:?}"),
    }
}

/// `camelCase`, as Kotlin and Swift have it.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

fn signature(name: &str, callable: &impl Callable) -> String {
    let arguments: Vec<String> = callable
        .arguments()
        .iter()
        .map(|argument| {
            let default = argument.default_value().map_or("", |_| " = default");
            format!(
                "{}: {}{default}",
                camel(argument.name()),
                name_of(&argument.as_type())
            )
        })
        .collect();
    let mut text = format!("{}({})", camel(name), arguments.join(", "));
    if callable.is_async() {
        text.push_str(" async");
    }
    if let Some(error) = callable.throws_type() {
        let _ = write!(text, " throws {}", name_of(error));
    }
    if let Some(returned) = callable.return_type() {
        let _ = write!(text, " -> {}", name_of(returned));
    }
    text
}

/// A thing with its parts, each with its documentation.
struct Entry {
    kind: &'static str,
    name: String,
    doc: String,
    parts: Vec<(String, String)>,
}

fn words(doc: Option<&str>) -> String {
    doc.unwrap_or_default().trim().to_owned()
}

fn of_function(function: &Function) -> (String, String) {
    (
        signature(function.name(), function),
        words(function.docstring()),
    )
}

fn of_object(object: &Object) -> Entry {
    let mut parts = Vec::new();
    for made in object.constructors() {
        let signature = signature(made.name(), made);
        parts.push((format!("constructor {signature}"), words(made.docstring())));
    }
    for method in object.methods() {
        parts.push((signature(method.name(), method), words(method.docstring())));
    }
    parts.sort();
    let kind = if object.has_callback_interface() {
        "interface"
    } else {
        "class"
    };
    Entry {
        kind,
        name: object.name().to_owned(),
        doc: words(object.docstring()),
        parts,
    }
}

fn of_record(record: &Record) -> Entry {
    let fields = record.fields().iter().map(|field| {
        let default = field.default_value().map_or("", |_| " = default");
        let text = format!(
            "{}: {}{default}",
            camel(field.name()),
            name_of(&field.as_type())
        );
        (text, words(field.docstring()))
    });
    Entry {
        kind: "record",
        name: record.name().to_owned(),
        doc: words(record.docstring()),
        parts: fields.collect(),
    }
}

fn of_enum(choice: &Enum, is_error: bool) -> Entry {
    let variants = choice.variants().iter().map(|variant| {
        let fields: Vec<String> = variant
            .fields()
            .iter()
            .map(|field| format!("{}: {}", camel(field.name()), name_of(&field.as_type())))
            .collect();
        let text = if fields.is_empty() {
            variant.name().to_owned()
        } else {
            format!("{}({})", variant.name(), fields.join(", "))
        };
        (text, words(variant.docstring()))
    });
    Entry {
        kind: if is_error { "error" } else { "enum" },
        name: choice.name().to_owned(),
        doc: words(choice.docstring()),
        parts: variants.collect(),
    }
}

fn entries(component: &ComponentInterface) -> Vec<Entry> {
    let mut functions: Vec<_> = component
        .function_definitions()
        .iter()
        .map(of_function)
        .collect();
    functions.sort();
    let mut all = vec![Entry {
        kind: "functions",
        name: String::new(),
        doc: String::new(),
        parts: functions,
    }];
    all.extend(component.object_definitions().iter().map(of_object));
    all.extend(component.record_definitions().iter().map(of_record));
    all.extend(
        component
            .enum_definitions()
            .iter()
            .map(|one| of_enum(one, component.is_name_used_as_error(one.name()))),
    );
    // A custom type is a text in disguise, or a day or month.
    let mut names: Vec<&str> = component
        .iter_local_types()
        .filter_map(|kind| match kind {
            Type::Custom { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    all.push(Entry {
        kind: "names",
        name: String::new(),
        doc: String::new(),
        parts: names
            .into_iter()
            .map(|name| (name.to_owned(), String::new()))
            .collect(),
    });
    all.sort_by(|a, b| (rank(a.kind), &a.name).cmp(&(rank(b.kind), &b.name)));
    all
}

fn rank(kind: &str) -> usize {
    [
        "functions",
        "class",
        "interface",
        "error",
        "record",
        "enum",
        "names",
    ]
    .iter()
    .position(|known| *known == kind)
    .unwrap_or(usize::MAX)
}

/// One line for each name, sorted: what a change of the public API shows up in.
pub(crate) fn list(component: &ComponentInterface) -> String {
    let mut text = String::new();
    for entry in entries(component) {
        let head = format!("{} {}", entry.kind, entry.name);
        let _ = writeln!(text, "{}", head.trim_end());
        for (part, _) in &entry.parts {
            let _ = writeln!(text, "  {part}");
        }
    }
    text
}

const HEAD: &str = "\
# The mobile API

Everything that Kotlin (package `no.folge`) and Swift (module `Folge`) see, with the words of the
Rust documentation. Made by `folge-bindgen`; `cargo xtask test --only bindings` says when it is out
of date.

`Text` is a string, `Int32` and `Int64` are `Int` and `Long` in Kotlin, `Instant` is
`java.time.Instant` and Foundation's `Date`, `[X]` a list, `X?` something that may be missing. What is
`async` is a suspending function in Kotlin. The names at the end are strings, but `Day` and `Month`:
`java.time.LocalDate` and `YearMonth` in Kotlin, types of the package in Swift.
";

fn line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same with the documentation, for people.
pub(crate) fn description(component: &ComponentInterface) -> String {
    let mut text = HEAD.to_owned();
    for entry in entries(component) {
        let title = match entry.kind {
            "functions" => "Functions".to_owned(),
            "names" => "Names".to_owned(),
            kind => format!("{} ({kind})", entry.name),
        };
        let _ = write!(text, "\n## {title}\n\n");
        if !entry.doc.is_empty() {
            let _ = write!(text, "{}\n\n", line(&entry.doc));
        }
        for (part, doc) in &entry.parts {
            let _ = writeln!(
                text,
                "- `{part}`{}{}",
                if doc.is_empty() { "" } else { ": " },
                line(doc)
            );
        }
    }
    text
}
