//! The participant's engine: one thread, without a CRDT and without a store of its own.
