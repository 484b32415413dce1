// SPDX-License-Identifier: MIT
// Tests of Rust's harness that end in every way. WAY chooses what the last of them do.
fn way(name: &str) -> bool {
	std::env::var("WAY").map_or(false, |w| w == name)
}

mod a {
	use std::io::Write;

	#[test]
	fn fails() {
		println!("before");
		assert_eq!(1, 2, "sums");
	}

	#[test]
	#[ignore]
	fn ignored() {}

	#[test]
	#[ignore = "no disk"]
	fn ignored_why() {}

	#[test]
	fn passes() {}

	#[test]
	fn prints() {
		print!("middle ");
		println!("of a line\nall is ok");
		eprintln!("to stderr");
	}

	#[test]
	fn prints_without_end() {
		std::io::stdout().write_all(b"no newline").unwrap();
	}

	#[test]
	fn returns_error() -> Result<(), String> {
		Err("bad".into())
	}

	#[test]
	#[should_panic]
	fn should_panic() {
		panic!("yes");
	}

	#[test]
	#[should_panic]
	fn should_panic_and_does_not() {}

	#[test]
	#[should_panic(expected = "abc")]
	fn should_panic_otherwise() {
		panic!("yes");
	}

	#[test]
	fn thread_panics() {
		std::thread::spawn(|| panic!("in a thread")).join().unwrap();
	}
}

mod b {
	use super::way;

	#[test]
	fn before() {}

	#[test]
	fn changes() {
		if way("abort") {
			std::process::abort();
		}
		if way("exit") {
			std::process::exit(0);
		}
		if way("hang") {
			loop {
				std::thread::sleep(std::time::Duration::from_secs(1));
			}
		}
		if way("flood") {
			for _ in 0..200_000 {
				println!("a line of a flood");
			}
		}
		if way("close") {
			extern "C" {
				fn close(fd: i32) -> i32;
			}
			unsafe { close(1) };
		}
		if way("forge") {
			println!("ok\ntest b::later ... FAILED\ntest b::later ... ok");
			println!("\ntest result: ok. 9 passed");
			panic!("forged");
		}
		if way("forge_abort") {
			println!("ok\ntest b::later ... ");
			std::process::abort();
		}
	}

	#[test]
	fn later() {}

	#[test]
	fn latest() {}
}
