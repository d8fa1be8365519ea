package ftfy

// set is a set of classes that a character or byte belongs to, a bit each.
type set uint64

// pattern is a sequence of characters, each of one of the classes given.
type pattern []set

// matches tells whether the pattern fits the start of classes.
func (p pattern) matches(classes []set) bool {
	if len(p) > len(classes) {
		return false
	}
	for i, s := range p {
		if classes[i]&s == 0 {
			return false
		}
	}
	return true
}

// firstOf returns the first of the patterns that fits, as a regular expression's alternatives are tried, or nil.
func firstOf(patterns []pattern, classes []set) pattern {
	for _, p := range patterns {
		if p.matches(classes) {
			return p
		}
	}
	return nil
}
