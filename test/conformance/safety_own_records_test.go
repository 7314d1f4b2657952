//go:build conformance

package conformance

// ownRecords are the rows about records that are not where they belong, take-overs and adopt.
var ownRecords = []row{}
