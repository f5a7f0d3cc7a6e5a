// The first generation, which is not on npm: requests of exactly the shapes that authing.js (tag v3 of
// Authing/authing-wxapp-sdk) sends.
import { assert, check, done } from '../common/check.mjs'
import { POOL, phoneButton, uploadFile, world, wxLogin } from '../common/world.mjs'

const PERSON = 'lin-xiaoman'
let token = ''

async function rest(name, body, headers = {}) {
  const answer = await fetch(`${world.url}/oauth/wechatapp/${name}/${POOL}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 200)
  const json = await answer.json()
  if (json.code !== 200) throw json.data || json
  return json.data || json
}

async function graphql(query, variables) {
  const answer = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  })
  assert.equal(answer.status, 200)
  const json = await answer.json()
  if (json.errors) throw json.errors[0].message
  return json.data
}

const withPhone = async () => {
  const { code } = await wxLogin(PERSON)
  const { iv, encryptedData } = await phoneButton(PERSON)
  return { iv, encryptedData, code }
}

const user = await check('loginWithWxapp logs in by code, iv and encryptedData', async () => {
  const { code, iv, encryptedData } = await wxLogin(PERSON)
  const user = await rest('auth', { iv, encryptedData, code, overideProfile: true })
  assert.ok(user._id)
  token = user.token
  return user
})

await check('getPhone and bindPhone: the bare token is taken', async () => {
  const phone = await rest('getphone', await withPhone(), { authorization: '' })
  const bound = await rest('phone', await withPhone(), { authorization: token })
  assert.equal(bound._id, user._id)
  assert.equal(bound.phone, phone.purePhoneNumber)
})

await check('metadata is set, read and removed', async () => {
  const set = `mutation setUserMetadata($input: SetUserMetadataInput!){
    setUserMetadata(input: $input){ totalCount list{ key value } } }`
  await graphql(set, { input: { _id: user._id, key: 'KEY', value: 'VALUE' } })
  const read = 'query userMetadata($_id: String!){ userMetadata(_id: $_id){ totalCount list{ key value } } }'
  const { userMetadata } = await graphql(read, { _id: user._id })
  assert.deepEqual(userMetadata, { totalCount: 1, list: [{ key: 'KEY', value: 'VALUE' }] })
  const remove = `mutation removeUserMetadata($input: RemoveUserMetadataInput!){
    removeUserMetadata(input: $input){ totalCount list{ key value } } }`
  const { removeUserMetadata } = await graphql(remove, { input: { _id: user._id, key: 'KEY' } })
  assert.equal(removeUserMetadata.totalCount, 0)
})

await check('changeAvatar uploads as to Qiniu, and the picture is served', async () => {
  const { qiNiuUploadToken } = await graphql('query qiNiuUploadToken{ qiNiuUploadToken }')
  const uploaded = await new Promise((success, fail) => {
    const formData = { token: qiNiuUploadToken, key: 'avatar/wechatapp/tmp.png' }
    uploadFile({ url: `${world.url}/upload/qiniu`, name: 'file', filePath: 'tmp.png', formData, success, fail })
  })
  const { key } = JSON.parse(uploaded.data)
  const update = `mutation UpdateUser($_id: String!, $photo: String, $registerInClient: String!){
    updateUser(options: { _id: $_id, photo: $photo, registerInClient: $registerInClient }){ _id photo } }`
  const photo = `https://usercontents.authing.cn/${key}`
  const { updateUser } = await graphql(update, { _id: user._id, photo, registerInClient: POOL })
  assert.equal((await fetch(updateUser.photo)).headers.get('content-type'), 'image/png')
})

await check('an error is an object with a code', async () => {
  const login = `mutation login($email: String, $password: String, $registerInClient: String!){
    login(email: $email, password: $password, registerInClient: $registerInClient){ _id token } }`
  const refused = await graphql(login, { email: 'a@example.com', password: 'AAAA', registerInClient: POOL }).catch((error) => error)
  assert.equal(refused.code, 2333)
})

await check('a logout is an update', async () => {
  const update = `mutation UpdateUser($_id: String!, $tokenExpiredAt: String, $registerInClient: String!){
    updateUser(options: { _id: $_id, tokenExpiredAt: $tokenExpiredAt, registerInClient: $registerInClient }){ _id } }`
  await graphql(update, { _id: user._id, tokenExpiredAt: '0', registerInClient: POOL })
  const { checkLoginStatus } = await graphql('query checkLoginStatus{ checkLoginStatus{ status code message } }')
  assert.equal(checkLoginStatus.status, false)
})

done()
