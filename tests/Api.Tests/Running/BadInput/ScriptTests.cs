using System.Net;
using System.Net.Http.Json;
using System.Text;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.BadInput;

/// <summary>People write in every script, and stand as deep in folders as they like: names, addresses and paths at their limits.</summary>
[Collection(RunningVault.Name)]
public sealed class ScriptTests(VaultFixture fixture)
{
    /// <summary>Folders on the way from the root, as docs/api.md says.</summary>
    private const int FolderDepthMax = 100;

    private static readonly string[] Words =
    [
        "résumé", "отчёт", "έκθεση", "ანგარიში", "զեկույց", "דוח", "تقرير", "گزارش", "ދިވެހި", "रिपोर्ट", "প্রতিবেদন", "ਰਿਪੋਰਟ", "અહેવાલ", "அறிக்கை", "నివేదిక", "ವರದಿ", "റിപ്പോർട്ട്",
        "වාර්තාව", "รายงาน", "ບົດລາຍງານ", "အစီရင်ခံစာ", "របាយការណ៍", "ཡིག་ཆ", "тайлан", "ᠮᠣᠩᠭᠣᠯ", "보고서", "報告", "报告", "レポート", "ሪፖርት", "ᎠᏰᎵ", "ᐅᓂᒃᑳᓕᐊᖅ", "𐐔𐐯𐑅𐐨𐑉𐐯𐐻", "𠮷野家",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ߒߞߏ", "ꆈꌠ", "👩‍👩‍👧‍👦", "🇪🇺", "e\u0301a\u0308", "ﬁn", "İstanbul", "ẞ", "①②③", "ａｂｃ", "\u200bzero\u200bwidth",
    ];

    [Fact]
    public async Task Names_of_every_script_are_made_found_and_changed()
    {
        using var user = await fixture.SignUpAsync();
        foreach (var word in Words)
        {
            var folder = IdOf(await user.MakeFolderAsync(word));
            var file = await user.PutFileAsync($"{word}.txt", Encoding.UTF8.GetBytes(word));
            await user.PatchAsync(IdOf(file), new { parentId = folder });
            var found = await user.GetJsonAsync($"/v1/files/by-path/{Uri.EscapeDataString(word)}/{Uri.EscapeDataString($"{word}.txt")}");
            Assert.Equal((IdOf(file), $"{word}.txt"), (IdOf(found), found.GetProperty("name").GetString()));
            var search = await user.GetJsonAsync($"/v1/files?q={Uri.EscapeDataString(word)}");
            Assert.Contains(search.GetProperty("entries").EnumerateArray(), entry => IdOf(entry) == IdOf(file));
            Assert.Equal($"new {word}", (await user.PatchAsync(IdOf(file), new { name = $"new {word}" })).GetProperty("name").GetString());
            using var again = await user.PostAsync("/v1/folders", new { name = word });
            Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        }
    }

    [Fact]
    public async Task Addresses_of_every_script_sign_up_and_in_and_are_shared_with()
    {
        using var owner = await fixture.SignUpAsync();
        using var http = fixture.CreateVisitor();
        var file = IdOf(await owner.PutFileAsync("shared.txt", [1]));
        var suffix = $"{Guid.NewGuid():n}"[..8];
        // A third of them: each takes the time of three hashes of a password.
        foreach (var word in Words.Where((_, place) => place % 3 == 0))
        {
            var (email, password) = ($"{word}.{suffix}@例え.{word}", $"pass {word} 12345");
            using var signUp = await http.PostAsJsonAsync("/v1/auth/signup", new { email, password, displayName = word });
            Assert.True(signUp.StatusCode == HttpStatusCode.Created, $"{email}: {await signUp.Content.ReadAsStringAsync()}");
            await RefusedAsync(http.PostAsJsonAsync("/v1/auth/signup", new { email = email.Normalize(NormalizationForm.FormD), password }), 409, "email-taken");
            using var logIn = await http.PostAsJsonAsync("/v1/auth/login", new { email, password });
            Assert.Equal(HttpStatusCode.OK, logIn.StatusCode);
            using var share = await owner.Http.PutAsJsonAsync($"/v1/files/{file}/shares/{Uri.EscapeDataString(email)}", new { role = "viewer" });
            Assert.Equal(HttpStatusCode.OK, share.StatusCode);
            Assert.Equal((email, word), (await JsonAsync(share)) is var shown ? (shown.GetProperty("email").GetString(), shown.GetProperty("displayName").GetString()) : default);
        }
    }

    [Fact]
    public async Task Folders_end_at_a_depth_that_the_refusal_names_and_no_path_is_too_deep_to_be_asked_for()
    {
        using var user = await fixture.SignUpAsync();
        var (path, parent) = (new StringBuilder(), (string?)null);
        for (var depth = 1; depth <= FolderDepthMax; depth++)
        {
            parent = IdOf(await user.MakeFolderAsync("d", parent));
            path.Append("d/");
        }

        var refused = await RefusedAsync(user.PostAsync("/v1/folders", new { name = "d", parentId = parent }), 409, "too-deep");
        Assert.Contains($"{FolderDepthMax}", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(parent, IdOf(await user.GetJsonAsync($"/v1/files/by-path/{path.ToString().TrimEnd('/')}")));
        await RefusedAsync(user.Http.GetAsync($"/v1/files/by-path/{path}d"), 404, "not-found");
        await RefusedAsync(user.Http.GetAsync($"/v1/files/by-path/{string.Concat(Enumerable.Repeat("d/", 3_500))}d"), 404, "not-found");
        // Longer than a request line may be.
        using var tooLong = await user.Http.GetAsync($"/v1/files/by-path/{string.Concat(Enumerable.Repeat("d/", 10_000))}d");
        Assert.Equal(HttpStatusCode.RequestUriTooLong, tooLong.StatusCode);
        var top = IdOf(await user.GetJsonAsync("/v1/files/by-path/d"));
        foreach (var inside in new[] { top, parent! })
        {
            using var moved = await user.Http.PatchAsync($"/v1/files/{top}", JsonContent.Create(new { parentId = inside }));
            Assert.Equal((HttpStatusCode.Conflict, "folder-circle"), (moved.StatusCode, await ProblemAsync(moved)));
        }
    }
}
