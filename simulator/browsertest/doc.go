// Package browsertest drives the phone's page in a real browser without a window; all of it is tests. They need Chromium, and
// Node's packages for the accessibility rules (npm ci in this folder). They are skipped where one is missing unless CI=true.
package browsertest
