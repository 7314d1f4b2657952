package rollout

import "time"

// SetGrace shortens what is otherwise waited for to be brought by others.
func (w *Waiter) SetGrace(d time.Duration) { w.grace = d }
