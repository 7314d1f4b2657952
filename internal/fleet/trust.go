package fleet

// Trusted returns what keeps a run from going by what an app says of itself, and why as a clause:
// that it does not say whose it is, or that others may have said it; and that it is going, or a
// run's at this moment. namespace is one whose records are believed although Berth neither made nor
// adopted it. HoldNone is that nothing does.
func (a App) Trusted(namespace string) (Hold, string) {
	j := judge{app: a, policy: Policy{Namespace: namespace, AllRepositories: true}}
	for _, h := range []Hold{HoldUnstamped, HoldDoubt, HoldUnmarked, HoldGoing, HoldAtWork} {
		if why := j.held(h, ReasonNone); why != "" {
			return h, clause(why)
		}
	}
	return HoldNone, ""
}
