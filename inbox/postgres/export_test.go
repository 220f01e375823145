package postgres

// Parse is the configuration of the connections that Open makes.
var Parse = parse
