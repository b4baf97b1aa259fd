"""The pages of the site: rendered with current data, and kept live by the scripts in static/trading."""
