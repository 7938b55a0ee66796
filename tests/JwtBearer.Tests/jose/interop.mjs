// Signs and verifies with the npm package jose what the tests ask for: a JSON array of requests on standard input,
// a JSON array of answers, in the same order, on standard output.
import { SignJWT, UnsecuredJWT, base64url, importJWK, jwtVerify } from "jose";

const actions = {
  async sign({ alg, jwk, secret, header, claims, crit }) {
    const key = secret === undefined ? await importJWK(jwk, alg) : base64url.decode(secret);
    return { token: await new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(key, { crit }) };
  },

  unsecured({ claims }) {
    return { token: new UnsecuredJWT(claims).encode() };
  },

  async verify({ alg, jwk, token, issuer, audience }) {
    try {
      const key = await importJWK(jwk, alg);
      const { payload, protectedHeader } = await jwtVerify(token, key, { algorithms: [alg], issuer, audience, requiredClaims: ["exp"] });
      return { payload, header: protectedHeader };
    } catch (error) {
      return { error: error.code ?? String(error) };
    }
  },
};

let input = "";
for await (const chunk of process.stdin) input += chunk;
const answers = [];
for (const request of JSON.parse(input)) answers.push(await actions[request.action](request));
process.stdout.write(JSON.stringify(answers));
