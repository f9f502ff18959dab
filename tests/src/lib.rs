//! What the tests, the demo and the benchmarks share: the sample caseload, devices with stores,
//! a relay to talk to, and the search for readable text in files.

pub mod acts;
pub mod backup;
pub mod browser;
pub mod caseload;
pub mod cases;
pub mod claims;
pub mod clock;
pub mod device;
mod faces;
pub mod final_report;
pub mod fuzzing;
pub mod liar;
pub mod provider;
pub mod proxy;
pub mod relay;
pub mod scan;
pub mod serving;
pub mod simulation;
pub mod story;
pub mod threads;
pub mod visits;
