// Package memory tells how much memory the machine has left for a model: what programs may still take without being killed
// or slowing everything down, not what lies idle. Limits of containers count.
package memory

// Available is the number of bytes, and whether the system tells.
func Available() (int64, bool) { return available() }
