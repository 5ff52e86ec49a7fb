// Feeds and calendars as others read them: a JSON Schema of JSON Feed, and ical.js.

import { strict as assert } from "node:assert";

import Ajv from "ajv";
import addFormats from "ajv-formats";
import ICAL from "ical.js";
import schema from "jsonfeed-schema/schema-v1.1.json" with { type: "json" };

const QUERIES = ["", "?kind=event", "?q=klantreis&sort=newest&first=100", "?q=qqqqzzzz", "?phase=past"];

async function get(url, path) {
  const response = await fetch(new URL(path, url));
  const text = await response.text();
  assert.equal(response.status, 200, `${path}: ${text}`);
  return text;
}

/** The calendar of a text: every event has what calendars need, and every time zone is defined. */
function checkCalendar(text, path) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  assert.equal(calendar.getFirstPropertyValue("version"), "2.0", path);
  const zones = calendar.getAllSubcomponents("vtimezone");
  const names = zones.map((zone) => zone.getFirstPropertyValue("tzid"));
  const events = calendar.getAllSubcomponents("vevent");
  for (const component of events) {
    const event = new ICAL.Event(component);
    assert.ok(event.uid && event.summary, `${path}: ${component}`);
    assert.ok(event.startDate.compare(event.endDate) <= 0, `${path}: ${component}`);
    const zone = component.getFirstProperty("dtstart").getParameter("tzid");
    assert.ok(zone === undefined || names.includes(zone), `${path}: ${zone}`);
    assert.ok(Number.isInteger(event.sequence), `${path}: ${component}`);
  }
  return events.length;
}

/** Reads the feeds and calendars of several searches in both languages. */
export async function readFeeds(url) {
  const ajv = new Ajv({ allErrors: true });
  addFormats(ajv);
  const validate = ajv.compile(schema);
  let [items, events] = [0, 0];
  for (const prefix of ["", "en/"]) {
    for (const query of QUERIES) {
      const path = `/${prefix}search.json${query}`;
      const feed = JSON.parse(await get(url, path));
      assert.ok(validate(feed), `${path}: ${ajv.errorsText(validate.errors)}`);
      items += feed.items.length;
      const calendar = `/${prefix}search.ics${query}`;
      events += checkCalendar(await get(url, calendar), calendar);
    }
  }
  assert.ok(items > 100 && events > 50, `${items} items, ${events} events`);
  return `${items} items, ${events} events`;
}
