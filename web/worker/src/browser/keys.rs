//! What the browser keeps for this app alone: 32 random bytes, sealed under an AES key that it does
//! not hand out (WebCrypto, not extractable). Both stand in IndexedDB. Together with the PIN they
//! open the store.

use folge_core::keys::Key32;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    CryptoKey, DedicatedWorkerGlobalScope, IdbDatabase, IdbOpenDbRequest, IdbRequest,
    IdbTransactionMode, SubtleCrypto,
};

use super::env::random;

const DATABASE: &str = "folge-key";
const STORE: &str = "key";
const ROW: &str = "device";

fn scope() -> Result<DedicatedWorkerGlobalScope, JsValue> {
    Ok(js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>()?)
}

fn subtle() -> Result<SubtleCrypto, JsValue> {
    Ok(scope()?.crypto()?.subtle())
}

/// Waits for a request of IndexedDB.
async fn done(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let waited = request.clone();
    let promise = Promise::new(&mut |resolve, reject| {
        let (of, failed) = (waited.clone(), waited.clone());
        let good = Closure::once_into_js(move || {
            let _ = resolve.call1(&JsValue::NULL, &of.result().unwrap_or(JsValue::NULL));
        });
        let bad = Closure::once_into_js(move || {
            let error = failed.error().ok().flatten();
            let _ = reject.call1(&JsValue::NULL, &error.map_or(JsValue::NULL, JsValue::from));
        });
        waited.set_onsuccess(Some(good.unchecked_ref()));
        waited.set_onerror(Some(bad.unchecked_ref()));
    });
    JsFuture::from(promise).await
}

async fn database() -> Result<IdbDatabase, JsValue> {
    let factory = scope()?.indexed_db()?.ok_or(JsValue::NULL)?;
    let request: IdbOpenDbRequest = factory.open_with_u32(DATABASE, 1)?;
    let fresh = request.clone();
    let upgrade = Closure::once_into_js(move || {
        if let Ok(database) = fresh.result() {
            let _ = database
                .unchecked_into::<IdbDatabase>()
                .create_object_store(STORE);
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    Ok(done(&request).await?.unchecked_into())
}

fn gcm(nonce: &[u8; 12]) -> Result<Object, JsValue> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"AES-GCM".into())?;
    Reflect::set(
        &algorithm,
        &"iv".into(),
        &Uint8Array::from(nonce.as_slice()),
    )?;
    Ok(algorithm)
}

async fn make(database: &IdbDatabase) -> Result<Key32, JsValue> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"AES-GCM".into())?;
    Reflect::set(&algorithm, &"length".into(), &256.into())?;
    let uses = Array::of2(&"encrypt".into(), &"decrypt".into());
    let subtle = subtle()?;
    let key = subtle.generate_key_with_object(&algorithm, false, &uses)?;
    let key: CryptoKey = JsFuture::from(key).await?.unchecked_into();
    let secret: [u8; 32] = random();
    let nonce: [u8; 12] = random();
    let sealed = subtle.encrypt_with_object_and_u8_array(&gcm(&nonce)?, &key, &secret)?;
    let sealed = JsFuture::from(sealed).await?;
    let row = Object::new();
    Reflect::set(&row, &"key".into(), &key)?;
    Reflect::set(&row, &"nonce".into(), &Uint8Array::from(nonce.as_slice()))?;
    Reflect::set(&row, &"sealed".into(), &sealed)?;
    let transaction =
        database.transaction_with_str_and_mode(STORE, IdbTransactionMode::Readwrite)?;
    let store = transaction.object_store(STORE)?;
    // `add`, not `put`: a key that is there belongs to the store that is there.
    done(&store.add_with_key(&row, &ROW.into())?).await?;
    Ok(Key32::new(secret))
}

async fn open(row: &JsValue) -> Result<Key32, JsValue> {
    let part = |name: &str| Reflect::get(row, &name.into());
    let key: CryptoKey = part("key")?.unchecked_into();
    let nonce = Uint8Array::new(&part("nonce")?).to_vec();
    let nonce: [u8; 12] = nonce.try_into().map_err(|_| JsValue::NULL)?;
    let sealed = Uint8Array::new(&part("sealed")?);
    let opened = subtle()?.decrypt_with_object_and_js_u8_array(&gcm(&nonce)?, &key, &sealed)?;
    let opened = Uint8Array::new(&JsFuture::from(opened).await?).to_vec();
    let secret: [u8; 32] = opened.try_into().map_err(|_| JsValue::NULL)?;
    Ok(Key32::new(secret))
}

/// What the browser keeps for this app; made where it is not there yet.
pub(super) async fn device_secret() -> Result<Key32, JsValue> {
    let database = database().await?;
    let transaction = database.transaction_with_str(STORE)?;
    let row = done(&transaction.object_store(STORE)?.get(&ROW.into())?).await?;
    if row.is_undefined() || row.is_null() {
        return make(&database).await;
    }
    open(&row).await
}
