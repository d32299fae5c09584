// SPDX-License-Identifier: Apache-2.0
// node validate.js MODULES < [bundle, ...]: what each validator finds, as [{fhir: [...], schema: [...], ucum: [...]}, ...].
"use strict";
const path = require("path");
const { createRequire } = require("module");

const load = createRequire(path.join(path.resolve(process.argv[2]), "any.js"));
const { Fhir } = load("fhir");
const JsonSchema = load("@asymmetrik/fhir-json-schema-validator");
const { UcumLhcUtils } = load("@lhncbc/ucum-lhc");

const profiles = new Fhir();
const schema = new JsonSchema();
const ucum = UcumLhcUtils.getInstance();

// What value sets it does not have it can only warn of: only errors count.
function findProfiles(bundle) {
  const found = profiles.validate(bundle, { errorOnUnexpected: true });
  return found.messages
    .filter((message) => message.severity === "error" || message.severity === "fatal")
    .map((message) => `${message.location}: ${message.message}`);
}

function findSchema(bundle) {
  return (schema.validate(bundle) || []).map((error) =>
    typeof error === "string" ? error : `${error.dataPath}: ${error.message}`);
}

// Every unit of UCUM, wherever it stands.
function findUnits(value, place, found) {
  if (Array.isArray(value)) {
    value.forEach((item, index) => findUnits(item, `${place}[${index}]`, found));
  } else if (value !== null && typeof value === "object") {
    if (value.system === "http://unitsofmeasure.org") {
      const result = ucum.validateUnitString(value.code || "");
      if (result.status !== "valid" || result.ucumCode !== value.code) {
        found.push(`${place}: ${value.code} is no unit of UCUM`);
      }
    }
    Object.keys(value).forEach((name) => findUnits(value[name], `${place}.${name}`, found));
  }
  return found;
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => { text += part; });
process.stdin.on("end", () => {
  const answers = JSON.parse(text).map((bundle) => ({
    fhir: findProfiles(bundle),
    schema: findSchema(bundle),
    ucum: findUnits(bundle, "", []),
  }));
  process.stdout.write(JSON.stringify(answers));
});
