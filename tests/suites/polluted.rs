// SPDX-License-Identifier: MIT
// As polluted.c, but for what it does at its N-th run.
#[cfg(test)]
mod polluted {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static POLLUTED: AtomicUsize = AtomicUsize::new(0);

    fn number_of(name: &str, none: usize) -> usize {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(none)
    }

    fn test(number: usize) {
        let polluters = std::env::var("POLLUTERS").unwrap_or_default();
        let pollutes = polluters.split(',').any(|text| text == number.to_string());
        if pollutes {
            POLLUTED.fetch_add(1, Ordering::SeqCst);
        }
        if number == number_of("VICTIM", 1000) {
            assert!(POLLUTED.load(Ordering::SeqCst) < number_of("NEEDED", 1));
        }
    }

    macro_rules! tens {
        ($($h:ident $base:expr),*) => { $(
            mod $h {
                use super::test;
                #[test] fn t0() { test($base) }
                #[test] fn t1() { test($base + 1) }
                #[test] fn t2() { test($base + 2) }
                #[test] fn t3() { test($base + 3) }
                #[test] fn t4() { test($base + 4) }
                #[test] fn t5() { test($base + 5) }
                #[test] fn t6() { test($base + 6) }
                #[test] fn t7() { test($base + 7) }
                #[test] fn t8() { test($base + 8) }
                #[test] fn t9() { test($base + 9) }
            }
        )* };
    }

    tens!(m00 0, m01 10, m02 20, m03 30, m04 40, m05 50, m06 60, m07 70, m08 80, m09 90);
    tens!(m10 100, m11 110, m12 120, m13 130, m14 140, m15 150, m16 160, m17 170, m18 180, m19 190);
    tens!(m20 200, m21 210, m22 220, m23 230, m24 240, m25 250, m26 260, m27 270, m28 280, m29 290);
    tens!(m30 300, m31 310, m32 320, m33 330, m34 340, m35 350, m36 360, m37 370, m38 380, m39 390);
    tens!(m40 400, m41 410, m42 420, m43 430, m44 440, m45 450, m46 460, m47 470, m48 480, m49 490);
}
