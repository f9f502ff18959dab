pub mod document;
pub mod domain;
