// SPDX-License-Identifier: MIT
// A test with a main() of its own.
fn main() {
	println!("hello");
}
