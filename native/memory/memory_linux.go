package memory

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// available is what the kernel estimates (MemAvailable: free, and what it would give back), with swap, or less where a
// control group has a limit.
func available() (int64, bool) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	info := table(data)
	free, ok := info["MemAvailable:"]
	if !ok {
		return 0, false
	}
	free = (free + info["SwapFree:"]) * 1024
	if left, ok := groupLeft("/sys/fs/cgroup", "/proc/self/cgroup"); ok {
		free = min(free, left)
	}
	return free, true
}

// groupLeft is what is left below the limits of the process's control group and of those above it, in the unified
// hierarchy. File cache that the kernel would give back counts as left.
func groupLeft(root, self string) (int64, bool) {
	data, err := os.ReadFile(self)
	if err != nil {
		return 0, false
	}
	_, path, ok := strings.Cut(string(data), "0::")
	if !ok {
		return 0, false
	}
	path, _, _ = strings.Cut(path, "\n")
	least, found := int64(0), false
	for dir := filepath.Join(root, path); ; dir = filepath.Dir(dir) {
		limit, limited := number(filepath.Join(dir, "memory.max"))
		used, known := number(filepath.Join(dir, "memory.current"))
		if limited && known {
			if stat, err := os.ReadFile(filepath.Join(dir, "memory.stat")); err == nil {
				used -= table(stat)["inactive_file"]
			}
			if left := max(0, limit-used); !found || left < least {
				least, found = left, true
			}
		}
		if len(dir) <= len(root) {
			return least, found
		}
	}
}

func number(file string) (int64, bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n, err == nil // "max" is none
}

// table reads lines of a name and a number.
func table(data []byte) map[string]int64 {
	values := map[string]int64{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		if n, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			values[fields[0]] = n
		}
	}
	return values
}
