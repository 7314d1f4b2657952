package verdict

// Awaited is an object that is waited for, as it was last seen.
type Awaited struct {
	Ref
	Ready  int    // of its pods or completions
	Wanted int    // how many of these there are to be; 0 where its kind counts none
	Met    bool   // it is as it was waited for
	Failed bool   // it will not be
	Reason string // what it waits for; may hold untrusted text
}
