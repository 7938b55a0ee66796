namespace Microsoft.IdentityModel.Tokens;

/// <summary>Makes and validates tokens of one kind.</summary>
public abstract class TokenHandler
{
    /// <summary>Default of <see cref="TokenLifetimeInMinutes"/>.</summary>
    public static readonly int DefaultTokenLifetimeInMinutes = 60;

    private int _maximumTokenSizeInBytes = TokenValidationParameters.DefaultMaximumTokenSizeInBytes;
    private int _tokenLifetimeInMinutes = DefaultTokenLifetimeInMinutes;

    /// <summary>Longest token that is looked at, in characters, which for a valid token are bytes. Default: 256,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public virtual int MaximumTokenSizeInBytes
    {
        get => _maximumTokenSizeInBytes;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maximumTokenSizeInBytes = value;
        }
    }

    /// <summary>Whether new tokens get <c>exp</c>, <c>iat</c> and <c>nbf</c> when the descriptor has none. Default: true.</summary>
    public bool SetDefaultTimesOnTokenCreation { get; set; } = true;

    /// <summary>Life of a new token without an expiry of its own, in minutes. Default: 60.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int TokenLifetimeInMinutes
    {
        get => _tokenLifetimeInMinutes;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _tokenLifetimeInMinutes = value;
        }
    }

    /// <summary>Validates a token. Never throws for a bad token: the result says why it is refused.</summary>
    public virtual Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
        => throw new NotSupportedException($"{GetType()} does not validate tokens.");

    /// <summary>Reads a token without validating anything.</summary>
    public virtual SecurityToken ReadToken(string token)
        => throw new NotSupportedException($"{GetType()} does not read tokens.");
}
