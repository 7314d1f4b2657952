package ownership

import "strconv"

// annotationTakenOver stands on an object that a release took over, and names whom it
// was taken from. The release did not make it, so what the release deletes leaves it,
// until somebody says that it is to go.
const annotationTakenOver = "berth.dev/taken-over-from"

// TakenOver returns whom an object was taken over from, and whether it was at all.
func TakenOver(annotations map[string]string) (from string, taken bool) {
	from, taken = annotations[annotationTakenOver]
	return from, taken
}

// WhyTaken returns why an object outlives the release that took it over, or "".
func WhyTaken(annotations map[string]string) string {
	from, taken := TakenOver(annotations)
	if !taken {
		return ""
	}
	return "it was taken over from " + strconv.Quote(from)
}

// TakenOverFrom returns the annotation of an object that is taken over. One that was
// before keeps the name of its first owner.
func TakenOverFrom(owner string, annotations map[string]string) map[string]string {
	if first, taken := TakenOver(annotations); taken {
		owner = first
	}
	return map[string]string{annotationTakenOver: owner}
}
