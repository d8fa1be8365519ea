// Package hardware decides what a test does without the hardware that it needs.
package hardware

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Missing skips a test for want of what it names, and fails it instead where the environment variable GOCLIP_REQUIRE, a
// list with commas, holds that name: CI provides all it can, and a skip there would hide that it does not.
func Missing(t testing.TB, what string, reason error) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("GOCLIP_REQUIRE"), ","), what) {
		t.Fatalf("GOCLIP_REQUIRE wants %s: %v", what, reason)
	}
	t.Skipf("no %s here: %v", what, reason)
}
