package rollout

import "time"

// SetGrace shortens the grace of health.Evidence.
func (w *Waiter) SetGrace(d time.Duration) { w.grace = d }
