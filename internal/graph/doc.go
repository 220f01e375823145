// Package graph plays Meta: the Graph API's message and media endpoints, the users' phones, and the webhooks between them.
// The test kit and the simulator are two faces of it.
package graph
