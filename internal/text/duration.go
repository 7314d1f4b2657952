package text

import (
	"fmt"
	"time"
)

// Duration returns a duration to the precision that a reader cares for, rounded
// to it: "340 ms", "12.3 s", "2 min 5 s".
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d.Round(100*time.Millisecond) < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return Seconds(d.Round(time.Second))
}

// Seconds returns a duration in whole seconds, of which the last has passed, as a
// clock shows it: "12 s", "2 min 5 s".
func Seconds(d time.Duration) string {
	s := int(d.Seconds())
	if s < 60 {
		return fmt.Sprintf("%d s", s)
	}
	return fmt.Sprintf("%d min %d s", s/60, s%60)
}
