package access

// Required is required for the tests outside of the package.
var Required = required
