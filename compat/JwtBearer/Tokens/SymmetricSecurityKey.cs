namespace Microsoft.IdentityModel.Tokens;

/// <summary>A shared secret, for HS256.</summary>
public class SymmetricSecurityKey : SecurityKey
{
    private readonly byte[] _key;

    /// <summary>Copies the secret.</summary>
    /// <param name="key">At least one byte; HS256 takes keys of 32 bytes and more only (RFC 7518, 3.2).</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="key"/> is empty.</exception>
    public SymmetricSecurityKey(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length == 0)
            throw new ArgumentException("The key is empty.", nameof(key));
        _key = (byte[])key.Clone();
    }

    /// <inheritdoc/>
    public override int KeySize => _key.Length * 8;

    /// <summary>A copy of the secret.</summary>
    public virtual byte[] Key => (byte[])_key.Clone();

    internal ReadOnlySpan<byte> Secret => _key;
}
