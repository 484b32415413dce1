// SPDX-License-Identifier: MIT

// Tests of Go that end in every way. WAY chooses what the last of them do.
package ways

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func way(name string) bool { return os.Getenv("WAY") == name }

func TestMain(m *testing.M) {
	fmt.Println("set up by TestMain")
	os.Exit(m.Run())
}

func TestPasses(t *testing.T) {}

func TestPrints(t *testing.T) {
	fmt.Fprintln(os.Stderr, "to stderr")
	t.Log("logged")
	fmt.Print("no newline")
}

func TestFails(t *testing.T) {
	t.Log("before")
	t.Errorf("sums %d", 3)
}

func TestSkips(t *testing.T) { t.Skip("no network") }

func TestParallelPasses(t *testing.T) {
	t.Parallel()
	if way("parallel_hang") {
		time.Sleep(time.Hour)
	}
	if way("parallel_panic") {
		panic("boom in parallel")
	}
	if way("parallel_exit") {
		os.Exit(3)
	}
}

func TestParallelFails(t *testing.T) {
	t.Parallel()
	t.Error("wrong in parallel")
}

func TestSubtests(t *testing.T) {
	t.Run("one", func(t *testing.T) {})
	t.Run("two words", func(t *testing.T) { t.Fatal("two failed") })
	t.Run("skips", func(t *testing.T) { t.Skip("s") })
}

func TestSubtestsPass(t *testing.T) {
	t.Run("a", func(t *testing.T) { t.Parallel() })
	t.Run("b", func(t *testing.T) { t.Parallel() })
}

func TestBefore(t *testing.T) {}

// With nothing of package os, which opens two more with its first file and keeps them.
func descriptors() (n int) {
	var st syscall.Stat_t
	for fd := 0; fd < 100; fd++ {
		if syscall.Fstat(fd, &st) == nil {
			n++
		}
	}
	return n
}

func TestChanges(t *testing.T) {
	switch {
	case way("panic"):
		panic("boom")
	case way("goroutine"):
		go panic("elsewhere")
		time.Sleep(10 * time.Second)
	case way("exit"):
		os.Exit(0)
	case way("exit3"):
		os.Exit(3)
	case way("kill"):
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case way("hang"):
		time.Sleep(time.Hour)
	case way("flood"):
		for i := 0; i < 20000; i++ {
			fmt.Println(strings.Repeat("a flood ", 10))
		}
	case way("close"):
		syscall.Close(1)
	case way("descriptors"):
		before := descriptors()
		r, w, _ := os.Pipe()
		r.Close()
		w.Close()
		if after := descriptors(); after != before {
			t.Errorf("%d descriptors, then %d", before, after)
		}
	case way("forge"):
		fmt.Println("--- FAIL: TestChanges (0.00s)\n=== RUN   TestLater\n--- FAIL: TestLater (0.00s)")
	case way("forge_mark"):
		fmt.Println("\x16--- PASS: TestChanges (0.00s)\n\x16=== RUN   TestLater\n\x16--- FAIL: TestLater (0.00s)")
		t.Error("failed")
	}
}

func TestLater(t *testing.T) {}

func TestLatest(t *testing.T) {}

func FuzzSeeds(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, i int) {})
}

func BenchmarkNothing(b *testing.B) {}

func Example_good() {
	fmt.Println("hi")
	// Output: hi
}

func Example_bad() {
	fmt.Println("hi")
	// Output: ho
}
