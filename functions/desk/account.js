/** Sign-in with an account of the organisation: Authorization Code with PKCE, by oidc-client-ts. */
const [issuer, clientId] = document.querySelector('meta[name=staff-account]').content.split(' ');

async function manager() {
  if (!window.oidc) {
    await new Promise((resolve, reject) => {
      const script = document.createElement('script');
      Object.assign(script, { src: '/desk/oidc-client-ts.min.js', onload: resolve, onerror: reject });
      document.head.append(script);
    });
  }
  const store = new window.oidc.WebStorageStateStore({ store: sessionStorage });
  return new window.oidc.UserManager({
    authority: issuer, client_id: clientId, redirect_uri: `${location.origin}/desk`, scope: 'openid',
    userStore: store, stateStore: store, automaticSilentRenew: false,
  });
}

/** Go to the issuer; it sends the person back to this page. */
export async function signIn() {
  await (await manager()).signinRedirect();
}

/** The issuer's proof of who came back; nothing of it is kept. */
export async function proof() {
  const oidc = await manager();
  try {
    return (await oidc.signinCallback()).id_token;
  } finally {
    await oidc.removeUser();
    history.replaceState(null, '', '/desk');
  }
}
