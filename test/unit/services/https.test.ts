/** A service with a certificate: HTTPS with TLS 1.3 on the runtime that ships. The key below is public and protects nothing. */
import { get } from 'node:https';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createWorld, type World } from './world.ts';

const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkWXNivPCzHjHj2zg
7EYq7ZugRR8cFmucS97u5xQoaRahRANCAATjEAACNecnuoDYe2y6WJjWqZkO3Vqn
BwiPRLV+r3RjUVpW2qnwxAL7jgUfZxhxSXdBuw9SPYkgVu7MHgb43ESo
-----END PRIVATE KEY-----
`;
const certificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIULh3foG6NRb/vGvQ74yru0Ziop9QwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEyMzEzMFoYDzIxMjYxMDI5
MTIzMTMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATjEAACNecnuoDYe2y6WJjWqZkO3VqnBwiPRLV+r3RjUVpW2qnwxAL7
jgUfZxhxSXdBuw9SPYkgVu7MHgb43ESoo28wbTAdBgNVHQ4EFgQUWJT138yL8W8J
DgKVN2VWW0jzM4YwHwYDVR0jBBgwFoAUWJT138yL8W8JDgKVN2VWW0jzM4YwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgGK4+xIJyHlHflUDRhPDkLeo/CF1N0PnYJA6nG+SApDMCIQCK
0fpsFRy5/kkh1IU/1uPDo2NBetRpJkkDNL21llPs4w==
-----END CERTIFICATE-----
`;

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.end();
});

it('a service with a certificate speaks HTTPS, with TLS 1.3 only', async () => {
  const { url } = await world.startProxy({ listen: { host: '127.0.0.1', port: 0, tls: { certificate, privateKey } } });
  expect(url).toMatch(/^https:/);
  const statusOf = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
    new Promise<number | undefined>((resolve, reject) => {
      get(`${url}/v1/info`, { ca: certificate, agent: false, maxVersion }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
  expect(await statusOf('TLSv1.3')).toBe(200);
  await expect(statusOf('TLSv1.2')).rejects.toThrow();
});
