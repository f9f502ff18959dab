//! The calls that the staff app makes to the worker which holds the core.
