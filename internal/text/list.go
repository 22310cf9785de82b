package text

// List joins header names as a header holds them: "a, b". (strings.Join would cost a
// browser a kilobyte.)
func List(names []string) string {
	list := ""
	for i, name := range names {
		if i > 0 {
			list += ", "
		}
		list += name
	}
	return list
}
