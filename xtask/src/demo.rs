//! `cargo xtask demo`: builds and starts the program `demo` of `folge-tests`; where it is to be
//! looked at in a browser, with the app.

use crate::process::{Failure, become_program};
use crate::{packages, web};

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    let mut args = args.to_vec();
    let plain = ["--headless", "--help", "-h", "--web"];
    if !args.iter().any(|arg| plain.contains(&arg.as_str())) {
        packages::check_compilers()?;
        web::shipped()?;
        args.extend(["--web".to_owned(), web::dist()?.display().to_string()]);
    }
    // The tests' profile: a newcomer compiles once for both commands.
    become_program("demo", "dev", &args)
}
