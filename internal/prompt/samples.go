package prompt

import "strings"

// SampleOf is the payload of a sample event, by its name as issues.opened, or by the event's alone.
func SampleOf(event string) (payload []byte, known bool) {
	for _, name := range Samples() {
		if name == event || strings.HasPrefix(name, event+".") {
			payload, err := samples.ReadFile("samples/" + name + ".json")
			return payload, err == nil
		}
	}
	return nil, false
}

// Samples are the names of the sample events, in their order.
func Samples() []string {
	files, err := samples.ReadDir("samples")
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".json"); !strings.HasSuffix(name, ".values") {
			names = append(names, name)
		}
	}
	return names
}
