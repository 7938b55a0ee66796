using GrainVault.Api.Http;
using GrainVault.Options;
using GrainVault.RateLimits;

namespace GrainVault.Api.RateLimits;

/// <summary>All budgets of a front end.</summary>
internal sealed class RateLimiter
{
    /// <summary>Creates the budgets.</summary>
    public RateLimiter(
        LimitsOptions limits, FrontEndLimits here, IGrainFactory grains, RateLimitHealth health, TimeProvider time, ILogger<ScarceRate> logger)
    {
        Users = new LeasedRates<string>(Policy(RateLimitKind.User), here.RateLimitKeysMax, user => user, grains, health);
        Addresses = new LeasedRates<AddressKey>(Policy(RateLimitKind.Address), here.RateLimitKeysMax, address => address.Hash(), grains, health);
        SignUps = Scarce(RateLimitKind.SignUp);
        LogIns = Scarce(RateLimitKind.LogIn);
        LinkPasswords = Scarce(RateLimitKind.LinkPassword);

        LeasePolicy Policy(RateLimitKind kind) => new(kind, RateBudget.Of(kind, limits), here.RateLimitShareAlone, here.RateLimitLeaseWait, time);

        ScarceRate Scarce(RateLimitKind kind)
        {
            var policy = Policy(kind);
            return new ScarceRate(policy, new AddressRate((int)policy.Alone.Count, here.SignupAddressesMax, time), grains, health, logger);
        }
    }

    /// <summary>Requests of one user.</summary>
    public LeasedRates<string> Users { get; }

    /// <summary>Requests without a token from one address.</summary>
    public LeasedRates<AddressKey> Addresses { get; }

    /// <summary>Signups from one address.</summary>
    public ScarceRate SignUps { get; }

    /// <summary>Failed logins from one address.</summary>
    public ScarceRate LogIns { get; }

    /// <summary>Wrong passwords of links from one address.</summary>
    public ScarceRate LinkPasswords { get; }
}
