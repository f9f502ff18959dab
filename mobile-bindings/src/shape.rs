//! How the core's types become those of Kotlin and Swift, and back.
//!
//! A type of the app is declared once, field by field, with the core's type that it stands for; the
//! conversions follow from the declaration, and the compiler refuses a field that the core does not
//! have. No type prints its content: what an app writes into its log is the type's name.

use crate::error::FolgeError;

/// What the app is shown of something of the core's.
pub(crate) trait Shown<C> {
    /// Makes it.
    fn shown(core: C) -> Self;
}

/// What the app gives, as the core takes it.
pub(crate) trait Given<C> {
    /// Reads it.
    fn given(self) -> Result<C, FolgeError>;
}

/// Types that are the same on both sides.
macro_rules! alike {
    ($($type:ty),* $(,)?) => {$(
        impl Shown<$type> for $type {
            fn shown(core: $type) -> Self {
                core
            }
        }
        impl Given<$type> for $type {
            fn given(self) -> Result<$type, FolgeError> {
                Ok(self)
            }
        }
    )*};
}
alike!(bool, i64, String);

/// Numbers: Kotlin's `Int` and Swift's `Int32` or wider, never an unsigned one.
macro_rules! number {
    ($($shown:ty = $core:ty),* $(,)?) => {$(
        impl Shown<$core> for $shown {
            fn shown(core: $core) -> Self {
                Self::try_from(core).unwrap_or(Self::MAX)
            }
        }
        impl Given<$core> for $shown {
            fn given(self) -> Result<$core, FolgeError> {
                <$core>::try_from(self).map_err(|_| FolgeError::out_of_range())
            }
        }
    )*};
}
number!(i32 = u8, i32 = u32, i32 = usize, i64 = u64);

impl<C, T: Shown<C>> Shown<Option<C>> for Option<T> {
    fn shown(core: Option<C>) -> Self {
        core.map(T::shown)
    }
}

impl<C, T: Given<C>> Given<Option<C>> for Option<T> {
    fn given(self) -> Result<Option<C>, FolgeError> {
        self.map(T::given).transpose()
    }
}

impl<C, T: Shown<C>> Shown<Vec<C>> for Vec<T> {
    fn shown(core: Vec<C>) -> Self {
        core.into_iter().map(T::shown).collect()
    }
}

impl<C, T: Given<C>> Given<Vec<C>> for Vec<T> {
    fn given(self) -> Result<Vec<C>, FolgeError> {
        self.into_iter().map(T::given).collect()
    }
}

/// A record: shown, or shown and given (`both`).
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident = $core:ty {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $crate::shape::view! {
            $(#[$doc])*
            $name { $($(#[$field_doc])* $field: $type),* }
        }
        impl $crate::shape::Shown<$core> for $name {
            fn shown(core: $core) -> Self {
                Self { $($field: $crate::shape::Shown::shown(core.$field)),* }
            }
        }
    };
    (
        both
        $(#[$doc:meta])*
        $name:ident = $core:ty {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $crate::shape::record! {
            $(#[$doc])*
            $name = $core { $($(#[$field_doc])* $field: $type),* }
        }
        impl $crate::shape::Given<$core> for $name {
            fn given(self) -> Result<$core, $crate::error::FolgeError> {
                type Core = $core;
                Ok(Core { $($field: $crate::shape::Given::given(self.$field)?),* })
            }
        }
    };
}
pub(crate) use record;

/// A record that is made by hand from what the core gives.
macro_rules! view {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, uniffi::Record)]
        #[uniffi::export(Debug)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type),*
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}
pub(crate) use view;

/// One of several words.
macro_rules! choice {
    (
        $(#[$doc:meta])*
        $name:ident = $core:ty {
            $($(#[$value_doc:meta])* $value:ident),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, uniffi::Enum)]
        pub enum $name {
            $($(#[$value_doc])* $value),*
        }
        impl $crate::shape::Shown<$core> for $name {
            fn shown(core: $core) -> Self {
                type Core = $core;
                match core {
                    $(Core::$value => Self::$value),*
                }
            }
        }
        impl $crate::shape::Given<$core> for $name {
            fn given(self) -> Result<$core, $crate::error::FolgeError> {
                type Core = $core;
                Ok(match self {
                    $(Self::$value => Core::$value),*
                })
            }
        }
    };
}
pub(crate) use choice;

/// A name: a text in Kotlin and Swift.
macro_rules! name {
    ($($(#[$doc:meta])* $name:ident = $core:ty),* $(,)?) => {$(
        $crate::shape::text! {
            $(#[$doc])*
            $name = $core
        }
        impl $crate::shape::Given<$core> for $name {
            fn given(self) -> Result<$core, $crate::error::FolgeError> {
                self.0
                    .parse()
                    .map_err(|_| $crate::error::FolgeError::unreadable(stringify!($name)))
            }
        }
    )*};
}
pub(crate) use name;

/// A key that the office chose: a text in Kotlin and Swift, checked where it is recorded.
macro_rules! key {
    ($($(#[$doc:meta])* $name:ident = $core:ty),* $(,)?) => {$(
        $crate::shape::text! {
            $(#[$doc])*
            $name = $core
        }
        impl $crate::shape::Given<$core> for $name {
            fn given(self) -> Result<$core, $crate::error::FolgeError> {
                Ok(self.0.as_str().into())
            }
        }
    )*};
}
pub(crate) use key;

/// A text that stands for something of the core's.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident = $core:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) String);
        uniffi::custom_newtype!($name, String);
        impl $crate::shape::Shown<$core> for $name {
            fn shown(core: $core) -> Self {
                Self(core.to_string())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text;
