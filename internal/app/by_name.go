package app

import "cmp"

// CheckNames returns why names that stand on the objects of a cluster are none that Berth gives. Its
// error is a *NameError.
func CheckNames(app, namespace, release string) error {
	return cmp.Or(checkApp(app), checkNamespace(namespace), checkRelease(release))
}

// ByName returns a release under the names that it has, whichever branch it is for, if
// any: it has no identity. Its error is a *NameError.
func ByName(namespace, release string) (App, error) {
	if err := checkNamespace(namespace); err != nil {
		return App{}, err
	}
	return App{Namespace: namespace, Release: release}, checkRelease(release)
}
