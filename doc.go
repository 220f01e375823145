// Package wacloud talks to WhatsApp's official Cloud API.
package wacloud
