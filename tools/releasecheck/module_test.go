package main

import "testing"

func TestCommonVersion(t *testing.T) {
	t.Parallel()
	const root = "example.com/m"
	requiring := func(version string) localModule {
		return localModule{path: root + "/sub", requires: map[string]string{root: version}}
	}
	tests := []struct {
		name    string
		modules []localModule
		want    string
		asked   string
		fails   bool
	}{
		{name: "one module", modules: []localModule{{path: root}}, want: defaultVersion},
		{name: "what they require", modules: []localModule{{path: root}, requiring("v0.3.0"), requiring("v0.3.0")}, want: "v0.3.0"},
		{name: "two versions", modules: []localModule{requiring("v0.3.0"), requiring("v0.2.0")}, fails: true},
		{name: "not what is to be tagged", modules: []localModule{requiring("v0.3.0")}, asked: "v0.4.0", fails: true},
		{name: "no version", modules: []localModule{{path: root}}, asked: "0.4", fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := commonVersion(tt.modules, tt.asked)
			if (err != nil) != tt.fails || got != tt.want {
				t.Errorf("got %q, %v; want %q, an error: %t", got, err, tt.want, tt.fails)
			}
		})
	}
}
