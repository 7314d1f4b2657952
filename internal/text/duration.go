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

// Age returns roughly how long ago something was, in its largest unit: "45s", "12m", "5h",
// "3d". What is yet to come is as if it were now.
func Age(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/day)
}
